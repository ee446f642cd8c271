import { checkFieldLine } from '../../message/field-lines.ts'
import { HeaderEntry } from './header-entry.ts'
import { headerNameOf } from './header-name-of.ts'

const MAX_ENTRIES = 1024
const MAX_VALUE_OCTETS = 128

/** Entries by name and value. Shared by all connections of the process, since what is in it is the same for all. */
const entries = new Map<string, Map<string, HeaderEntry>>()
let count = 0

/**
 * The entry of a field that our side made, or that came by HTTP/1. For a field that is used again and again it is the same
 * object, so that an encoder need not write it out each time.
 *
 * @param name - in lower case, or of a pseudo-header
 * @throws {RangeError} when name or value has octets that a field cannot have
 */
export function entryOf(name: string, value: string): HeaderEntry {
  const ofName = entries.get(name)
  const known = ofName?.get(value)
  if (known !== undefined) return known
  const header = headerNameOf(name)
  checkFieldLine(header.isPseudo ? name.slice(1) : name, value)
  const entry = new HeaderEntry(header, value)
  // Secrets are not kept longer than their request.
  if (value.length > MAX_VALUE_OCTETS || entry.indexing === 'never') return entry
  if (count >= MAX_ENTRIES) {
    entries.clear()
    count = 0
  }
  count++
  const kept = entries.get(name)
  if (kept === undefined) entries.set(name, new Map([[value, entry]]))
  else kept.set(value, entry)
  return entry
}
