import { trimmedValue } from '../../message/field-lines.ts'
import { isAllOf, VALUE } from '../../octets.ts'
import type { HeaderName } from './header-name.ts'

/** Counted for each entry beside its octets. RFC 7541 §4.1, RFC 9113 §6.5.2. */
const ENTRY_OVERHEAD_BYTES = 32

/**
 * A field line of HTTP/2 (a pseudo-header is one, too), as it lies in static and dynamic tables and travels through the proxy:
 * what was once found out of it is not found out again. Never changed, shared between connections.
 */
export class HeaderEntry {
  readonly header: HeaderName
  /** Octets as the peer sent them, as Latin-1; not checked, see `isOrdinary`. */
  readonly name: string
  readonly value: string
  /** What it takes in a table or counts in a list of fields. */
  readonly sizeBytes: number
  /** The peer forbade to put it into a table, on any hop. RFC 7541 §6.2.3. */
  readonly isNeverIndexed: boolean
  /** The value has only octets that a field may have, and no blank at its ends. RFC 9113 §8.2.1. */
  readonly isValueValid: boolean
  /**
   * A regular field, valid in name and value (RFC 9113 §8.2.1), of a name that means nothing to the codec: only the others
   * need a second look.
   */
  readonly isOrdinary: boolean

  constructor(header: HeaderName, value: string, isNeverIndexed = false) {
    this.header = header
    this.name = header.text
    this.value = value
    this.sizeBytes = header.text.length + value.length + ENTRY_OVERHEAD_BYTES
    this.isNeverIndexed = isNeverIndexed
    this.isValueValid = isValue(value)
    this.isOrdinary = this.isValueValid && header.isOrdinary
  }
}

function isValue(value: string): boolean {
  return value === '' || (isAllOf(value, VALUE) && trimmedValue(value, 0, value.length) === value)
}
