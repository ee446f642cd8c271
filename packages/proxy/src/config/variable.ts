import type { Variable } from './env-reader.ts'

/** What a kind of variable does not know by itself. */
export interface VariableText {
  /** The text that stands for an unset variable; left out: it must be set. */
  readonly fallback?: string
  readonly about: string
}

/** A whole number within limits. */
export function integer(
  name: string,
  text: VariableText & { readonly min: number; readonly max: number },
): Variable<number> {
  const { min, max } = text
  return variable(name, text, {
    expects: `a whole number from ${min} to ${max}`,
    parse: (value) => {
      const number = Number(value)
      if (!/^\d{1,15}$/.test(value) || number < min || number > max) throw new RangeError()
      return number
    },
  })
}

/** One of some words. */
export function oneOf<T extends string>(name: string, choices: readonly T[], text: VariableText): Variable<T> {
  return variable(name, text, {
    expects: `one of ${choices.join(', ')}`,
    parse: (value) => {
      const found = choices.find((choice) => choice === value)
      if (found === undefined) throw new RangeError()
      return found
    },
  })
}

/** `1` for yes, `0` for no. */
export function flag(name: string, about: string): Variable<boolean> {
  return variable(
    name,
    { about, fallback: '0' },
    {
      expects: '0 or 1',
      parse: (value) => {
        if (value !== '0' && value !== '1') throw new RangeError()
        return value === '1'
      },
    },
  )
}

/** A name as Kubernetes spells them. */
export function objectName(name: string, text: VariableText): Variable<string> {
  return variable(name, text, {
    expects: 'a name of lower case letters, digits, "-" and ".", at most 253 characters',
    parse: (value) => {
      if (value.length > 253 || !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(value)) throw new RangeError()
      return value
    },
  })
}

/** A path of a file; it is not opened here. */
export function filePath(name: string, text: VariableText): Variable<string> {
  return variable(name, text, { expects: 'the path of a file', parse: (value) => value })
}

/** A value with a syntax of its own. */
export function syntax<T>(
  name: string,
  text: VariableText & { readonly expects: string },
  parse: (value: string) => T,
): Variable<T> {
  return variable(name, text, { expects: text.expects, parse })
}

/** Makes a variable optional: `undefined` when it is unset. */
export function optional<T>(inner: Variable<T>): Variable<T | undefined> {
  return { ...inner, fallback: '', parse: (value) => (value === '' ? undefined : inner.parse(value)) }
}

function variable<T>(
  name: string,
  text: VariableText,
  how: { readonly expects: string; readonly parse: (value: string) => T },
): Variable<T> {
  return { name, about: text.about, fallback: text.fallback, expects: how.expects, parse: how.parse }
}
