import { MAX_REGEX_INSTRUCTIONS } from '@heddle/api/regex-limits'
import { RE2JS } from 're2js'
import type { Expression } from './field-match.ts'

/**
 * A `RegexCompiler` with RE2's syntax and linear time. Apart from all else, so that a proxy whose routes have no
 * expression never loads the library.
 *
 * @throws {Error} for what RE2 does not know (back references, look-around), and for expressions that are too large
 */
export function compileRegex(expression: string): Expression {
  const compiled = RE2JS.compile(expression)
  const size = compiled.programSize()
  if (size > MAX_REGEX_INSTRUCTIONS) {
    throw new Error(
      `it compiles to ${size} instructions, more than ${MAX_REGEX_INSTRUCTIONS}: make its repetitions smaller`,
    )
  }
  return { size, test: (value) => compiled.testExact(value) }
}
