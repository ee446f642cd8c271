import { messageOf } from '@heddle/base/message-of'
import { RE2JS } from 're2js'
import { MAX_REGEX_INSTRUCTIONS } from '../../regex-limits.ts'
import { estimateInstructions } from './estimate-instructions.ts'

/** Longer ones would make a table of routes dear to compile. */
const MAX_CHARACTERS = 1024
/**
 * Of all expressions of one object: 50,000 instructions take a tenth of a second and more to compile, and that is done by the webhook,
 * by each replica, and by each proxy whose application talks to what they are attached to.
 */
const MAX_TOGETHER = 50_000

/** Says of expressions, one after the other, why they cannot be had. */
export class PatternJudge {
  #instructions = 0

  /**
   * Why `pattern` is no regular expression as of RE2, whose time to match grows with the text only, or more of one than is compiled.
   *
   * @returns `undefined` when it is one
   */
  findFault(pattern: string): string | undefined {
    if (pattern.length > MAX_CHARACTERS) return `has more than ${MAX_CHARACTERS} characters`
    const expected = estimateInstructions(pattern)
    // Compiling takes as long as the result is large, and repetitions make it large at once.
    if (expected > 2 * MAX_REGEX_INSTRUCTIONS) return TOO_LARGE
    if (this.#instructions + expected > MAX_TOGETHER)
      return `with it, all of them compile to more than ${MAX_TOGETHER} instructions`
    try {
      const size = RE2JS.compile(pattern).programSize()
      this.#instructions += size
      return size > MAX_REGEX_INSTRUCTIONS ? TOO_LARGE : undefined
    } catch (error) {
      this.#instructions += expected
      const [reason = ''] = messageOf(error).split('\n')
      return reason.replace(/^error parsing regexp: /, '')
    }
  }
}

const TOO_LARGE = `compiles to more than ${MAX_REGEX_INSTRUCTIONS} instructions: make its repetitions smaller`
