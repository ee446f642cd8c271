import type { Fields } from '../src/message/fields.ts'

/** Field lines as `name: value`. */
export function linesOf(fields: Fields): string[] {
  return Array.from({ length: fields.count }, (_, index) => `${fields.nameAt(index)}: ${fields.valueAt(index)}`)
}
