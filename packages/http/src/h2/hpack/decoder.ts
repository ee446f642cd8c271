import type { HeaderEntry } from './header-entry.ts'

/** What a peer may make a decoder keep and return. */
export interface HpackDecoderLimits {
  /** Our SETTINGS_HEADER_TABLE_SIZE: octets of the table that the peer may use, with 32 for each entry. */
  readonly maxTableBytes: number
  /** Of a list of fields: name, value and 32 octets for each. RFC 9113 §6.5.2. */
  readonly maxListBytes: number
  /** Fields in a list. */
  readonly maxEntries: number
}

/** Turns the header blocks of one direction of a connection into entries. RFC 7541. */
export class HpackDecoder {
  readonly #limits: HpackDecoderLimits

  constructor(limits: HpackDecoderLimits) {
    this.#limits = limits
  }

  /** The peer has acknowledged our SETTINGS: from now on `maxTableBytes` holds, before it 4096 do if that is more. */
  settingsAcknowledged(): void {
    void this.#limits
  }

  /**
   * The fields of a whole block, in order. Every block must be decoded, in the order of their coming, also those of streams
   * that nobody wants any more: the table depends on them.
   *
   * @param bytes - the block is from `start` to `end`; nothing of it is referred to afterwards
   * @returns a fresh array, now the caller's
   * @throws {HttpError} header_compression, after which the decoder and so the connection is of no use; head_too_large,
   *   after which the decoder goes on as if the list had been within the limits: only the stream is at fault
   */
  decode(bytes: Uint8Array, start: number, end: number): HeaderEntry[] {
    void [bytes, start, end]
    return []
  }
}
