import { messageOf } from '@heddle/base/message-of'
import { RE2JS } from 're2js'

/** Longer ones would make a table of routes dear to compile. */
const MAX_CHARACTERS = 1024

/**
 * Why `pattern` is no regular expression as of RE2, whose time to match grows with the text only.
 *
 * @returns `undefined` when it is one
 */
export function findPatternFault(pattern: string): string | undefined {
  if (pattern.length > MAX_CHARACTERS) return `has more than ${MAX_CHARACTERS} characters`
  try {
    RE2JS.compile(pattern)
    return undefined
  } catch (error) {
    const [reason = ''] = messageOf(error).split('\n')
    return reason.replace(/^error parsing regexp: /, '')
  }
}
