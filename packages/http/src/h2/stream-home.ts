import type { Fields } from '../message/fields.ts'
import type { FloodGuard } from './flood-guard.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { H2Limits } from './limits.ts'
import type { SendOrder } from './send-order.ts'
import type { H2Stream } from './stream.ts'

/** What a stream needs of its connection. */
export interface StreamHome {
  readonly limits: H2Limits
  readonly writer: FrameWriter
  readonly order: SendOrder
  readonly guard: FloodGuard
  /** First window of a stream for what we send, and for what the peer sends. */
  readonly peerStreamWindow: number
  readonly ownStreamWindow: number
  /** What the peer believes to be the first window of a stream: half of it is worth a frame. */
  readonly toldStreamWindow: number
  /** Writes what ends our half of a stream. */
  writeStreamEnd(streamId: number, trailers: Fields | undefined): void
  /** Sends RST_STREAM and forgets the stream. */
  resetStream(stream: H2Stream, code: number): void
  /** So many octets more (or fewer) are held for receivers that paused. */
  held(bytes: number): void
  streamRemoved(stream: H2Stream): void
}
