import { HeaderEntry } from './header-entry.ts'
import { HeaderName } from './header-name.ts'
import { STATIC_NAMES } from './static-table.ts'

/**
 * The entry of a field line that our side made, or that came by HTTP/1: the same object for the same line, while it is used
 * now and then.
 *
 * @param name - in lower case
 */
export function entryOf(name: string, value: string): HeaderEntry {
  return new HeaderEntry(STATIC_NAMES.get(name) ?? new HeaderName(name, 0), value)
}
