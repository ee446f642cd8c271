import { HttpError } from '../http-error.ts'
import { H2_CODE } from './error-code.ts'
import type { FrameOwner } from './frame-owner.ts'
import type { Frame } from './frame-reader.ts'
import { FLAG, UNRESERVED_BITS } from './frame-types.ts'
import { HeaderBlock } from './header-block.ts'
import { HpackDecoder } from './hpack/decoder.ts'
import type { HeaderEntry } from './hpack/header-entry.ts'
import { type Payload, readWord } from './payload.ts'

/** Dependency and weight in HEADERS and PRIORITY. RFC 9113 §5.3.2. */
export const PRIORITY_BYTES = 5

/** HEADERS and CONTINUATION to lists of fields. RFC 9113 §4.3, §6.2, §6.10. */
export class HeaderBlocks {
  readonly #owner: FrameOwner
  readonly #decoder: HpackDecoder
  #block: HeaderBlock | undefined
  /** Blocks that came in several frames, so far. */
  begun = 0

  constructor(owner: FrameOwner) {
    this.#owner = owner
    const { maxTableBytes, maxHeadBytes, maxFields } = owner.limits
    this.#decoder = new HpackDecoder({ maxTableBytes, maxListBytes: maxHeadBytes, maxEntries: maxFields })
  }

  /** The stream of the block that has to go on with the next frame. */
  get expectedOn(): number | undefined {
    return this.#block?.streamId
  }

  /** From now on the peer's table is as our SETTINGS say. */
  settingsAcknowledged(): void {
    this.#decoder.settingsAcknowledged()
  }

  headers({ streamId, flags, length, bytes, start }: Frame): void {
    const isPadded = (flags & FLAG.padded) !== 0
    const hasPriority = (flags & FLAG.priority) !== 0
    const from = start + (isPadded ? 1 : 0) + (hasPriority ? PRIORITY_BYTES : 0)
    const to = start + length - (isPadded && length > 0 ? bytes[start]! : 0)
    if (streamId === 0 || from > to) {
      this.#owner.fail(
        H2_CODE.protocolError,
        'bad_frame',
        'HEADERS on stream 0, or without room for what they announce',
      )
      return
    }
    if (hasPriority && (readWord(bytes, from - PRIORITY_BYTES) & UNRESERVED_BITS) === streamId) {
      this.#owner.fail(H2_CODE.protocolError, 'bad_frame', 'a stream that depends on itself')
      return
    }
    const isEnd = (flags & FLAG.endStream) !== 0
    if ((flags & FLAG.endHeaders) !== 0) {
      this.#decode(streamId, isEnd, { bytes, start: from, end: to })
      return
    }
    this.begun += 1
    this.#block = new HeaderBlock(streamId, isEnd, this.#owner.limits)
    this.#add(this.#block, { bytes, start: from, end: to })
  }

  continuation({ flags, bytes, start, end }: Frame): void {
    const block = this.#block
    if (block === undefined) {
      this.#owner.fail(H2_CODE.protocolError, 'stream_state', 'CONTINUATION without HEADERS')
      return
    }
    if (!this.#add(block, { bytes, start, end }) || (flags & FLAG.endHeaders) === 0) return
    this.#block = undefined
    const { bytes: whole, streamId, isEnd } = block
    this.#decode(streamId, isEnd, { bytes: whole, start: 0, end: whole.length })
  }

  #add(block: HeaderBlock, payload: Payload): boolean {
    if (block.add(payload)) return true
    this.#block = undefined
    const detail = 'a header block that is too large, or in too many pieces'
    this.#owner.fail(H2_CODE.enhanceYourCalm, 'continuation_flood', detail)
    return false
  }

  #decode(streamId: number, isEnd: boolean, { bytes, start, end }: Payload): void {
    let entries: HeaderEntry[]
    try {
      entries = this.#decoder.decode(bytes, start, end)
    } catch (error) {
      if (!(error instanceof HttpError)) throw error
      if (error.fault === 'head_too_large') this.#owner.headersTooLarge(streamId, error)
      else this.#owner.fail(H2_CODE.compressionError, error.fault, error.message)
      return
    }
    this.#owner.headers(streamId, entries, isEnd)
  }
}
