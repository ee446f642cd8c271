import { FieldLines, type Line } from '../../message/field-lines.ts'
import type { Fields } from '../../message/fields.ts'
import { HeaderFields } from '../header-fields.ts'
import { entryOf } from './entry-cache.ts'
import type { HeaderEntry } from './header-entry.ts'
import { LineCache } from './line-cache.ts'

const sharedLines = new LineCache()
const line: Line = { bytes: new Uint8Array(0), start: 0, end: 0 }

/**
 * The entry of a field, whatever codec it came from.
 * @throws {RangeError} when our side made it with octets that no field can have
 */
export function fieldEntry(fields: Fields, index: number): HeaderEntry {
  if (fields instanceof HeaderFields) return fields.entryAt(index)
  if (!(fields instanceof FieldLines && fields.locate(index, line))) {
    return entryOf(fields.nameAt(index), fields.valueAt(index))
  }
  const known = sharedLines.find(line)
  if (known !== undefined) return known
  const entry = entryOf(fields.nameAt(index), fields.valueAt(index))
  sharedLines.keep(line, entry)
  return entry
}
