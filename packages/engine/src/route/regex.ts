import { RE2JS } from 're2js'
import type { Expression } from './field-match.ts'

/**
 * Most instructions of a compiled expression. A value of n characters takes at most about n times that many steps, so this bounds
 * what one header can cost (see MatchMeter for all of them together); `/v[0-9]+/.*` has 9.
 */
const MAX_INSTRUCTIONS = 1000

/**
 * A `RegexCompiler` with RE2's syntax and linear time. Apart from all else, so that a proxy whose routes have no
 * expression never loads the library.
 *
 * @throws {Error} for what RE2 does not know (back references, look-around), and for expressions that are too large
 */
export function compileRegex(expression: string): Expression {
  const compiled = RE2JS.compile(expression)
  const size = compiled.programSize()
  if (size > MAX_INSTRUCTIONS) {
    throw new Error(`it compiles to ${size} instructions, more than ${MAX_INSTRUCTIONS}: make its repetitions smaller`)
  }
  return { size, test: (value) => compiled.testExact(value) }
}
