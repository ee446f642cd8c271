import type { Fields } from '../../message/fields.ts'
import type { HeaderEntry } from './header-entry.ts'
import type { OctetSink } from './octet-sink.ts'

/**
 * Writes the header blocks of one direction of a connection. RFC 7541. What was written must be sent, in that order, else the
 * peer's table is no longer as ours. Every method makes its own room in the sink (`ensure`).
 *
 * @example
 * encoder.begin(out)
 * encoder.encode(entryOf(':status', '200'), out)
 * encoder.encodeFields(head.fields, isEndToEnd, out)
 */
export class HpackEncoder {
  /** @param options - `maxTableBytes`: how much we use of what the peer allows, at most */
  constructor(options: { readonly maxTableBytes: number }) {
    void options
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE; 4096 before one came. Signalled at the start of the next block. */
  setPeerTableBytes(bytes: number): void {
    void bytes
  }

  /** Starts a block: writes what must stand first in it. */
  begin(out: OctetSink): void {
    void out
  }

  /** Writes one entry: an index of one or two octets when it was sent before. */
  encode(entry: HeaderEntry, out: OctetSink): void {
    void [entry, out]
  }

  /**
   * Writes all of `fields` for which `mayWrite` is true; it is asked by name, and only where an entry is not ordinary
   * ({@link HeaderEntry.isOrdinary}). For {@link HeaderFields} no string is made; other fields are looked up by
   * {@link entryOf}.
   */
  encodeFields(fields: Fields, mayWrite: (name: string) => boolean, out: OctetSink): void {
    void [fields, mayWrite, out]
  }
}
