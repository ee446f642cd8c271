import type { Rule } from './schema.ts'

/** At least one of `names` is set: else the object would say nothing. */
export function someOf(names: readonly string[]): Rule {
  return {
    rule: names.map((name) => `has(self.${name})`).join(' || '),
    message: `says nothing: expected at least one of ${names.join(', ')}`,
    holds: (self: Readonly<Record<string, unknown>>) => names.some((name) => self[name] !== undefined),
  }
}

/** Exactly one of `names` is set on the object. */
export function exactlyOneOf(names: readonly string[], message = `expected exactly one of ${names.join(', ')}`): Rule {
  return {
    rule: `[${names.map((name) => `has(self.${name})`).join(', ')}].filter(set, set).size() == 1`,
    message,
    holds: (self: Readonly<Record<string, unknown>>) => names.filter((name) => self[name] !== undefined).length === 1,
  }
}
