import type { Schema } from './schema.ts'

/** A pattern: any text that can be handed to a program. */
export const NUL_FREE = '^[^\\x00]*$'

/** What a program is given: an argument, or the value of a variable. */
export const argument: Schema = {
  type: 'string',
  maxLength: 131_072,
  pattern: NUL_FREE,
  'x-heddle-expected': 'text without NUL, at most 131072 characters',
  'x-heddle-sensitive': true,
}
