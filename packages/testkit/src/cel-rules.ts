import { isIP } from 'node:net'
import { type CelInput, CelScalar, celEnv, celFunc, isCelError, parse, plan } from '@bufbuild/cel'
import { strings } from '@bufbuild/cel/ext'
import { RE2JS } from 're2js'

const ENV = celEnv({
  funcs: [...strings, celFunc('isIP', [CelScalar.STRING], CelScalar.BOOL, (text) => isIP(text) !== 0)],
  re2: {
    compile: (pattern) => {
      const compiled = RE2JS.compile(pattern)
      return { test: (text) => compiled.matcher(text).find() }
    },
  },
})

/** A validation rule of a CRD, ready to be asked. */
export type CelRule = (self: unknown) => boolean

/**
 * Compiles a rule of `x-kubernetes-validations` as an API server reads it: whole numbers are ints, and a field whose name is a
 * word of CEL is written `__name__`.
 *
 * @throws when the rule does not compile; the rule throws when it cannot be evaluated
 */
export function compileCelRule(rule: string): CelRule {
  const evaluate = plan(ENV, parse(rule))
  return (self) => {
    const result = evaluate({ self: toCel(self) })
    if (isCelError(result)) throw new Error(`${rule}: ${result.message}`)
    if (typeof result !== 'boolean') throw new Error(`${rule}: is no condition`)
    return result
  }
}

function toCel(value: unknown): CelInput {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(toCel)
  if (typeof value !== 'object' || value === null) return value as CelInput
  const entries = Object.entries(value).map(([name, field]): [string, CelInput] => [name, toCel(field)])
  const escaped = entries.filter(([name]) => name === 'namespace')
  return new Map([...entries, ...escaped.map(([name, field]): [string, CelInput] => [`__${name}__`, field])])
}
