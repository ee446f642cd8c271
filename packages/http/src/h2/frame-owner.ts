import type { HttpError, HttpFault } from '../http-error.ts'
import type { Fields } from '../message/fields.ts'
import type { Output } from '../output.ts'
import type { ClosedStreams } from './closed-streams.ts'
import type { Flood, FloodGuard } from './flood-guard.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { HpackEncoder } from './hpack/encoder.ts'
import type { HeaderEntry } from './hpack/header-entry.ts'
import type { H2Limits } from './limits.ts'
import type { ReceiveCredit } from './receive-credit.ts'
import type { SendOrder } from './send-order.ts'
import type { PeerSettings } from './settings.ts'
import type { H2Stream } from './stream.ts'
import type { StreamTable } from './stream-table.ts'

/** The connection, as whoever reads its frames needs it. */
export interface FrameOwner {
  readonly limits: H2Limits
  readonly peerRole: 'client' | 'server'
  /** Nothing more is to be read. */
  readonly isDeaf: boolean
  readonly output: Output
  readonly writer: FrameWriter
  readonly order: SendOrder
  readonly encoder: HpackEncoder
  readonly credit: ReceiveCredit
  readonly guard: FloodGuard
  readonly closed: ClosedStreams
  readonly peer: PeerSettings
  readonly streams: Pick<StreamTable, 'get' | 'list'>
  /** Ends the connection for what the peer sent. RFC 9113 §5.4.1. */
  fail(code: number, fault: HttpFault, detail: string): void
  /** Ends one stream for what the peer sent on it. RFC 9113 §5.4.2. */
  failStream(stream: H2Stream, code: number, error: HttpError): void
  /** @returns false when it was too often, and the connection has ended for it */
  allows(flood: Flood, detail: string): boolean
  /** Refuses a frame on a stream that is over. */
  resetClosed(streamId: number, code: number): void
  /** The peer's half of a stream has ended. */
  endInput(stream: H2Stream, trailers: Fields | undefined): void
  /** Whether no frame of that stream may have come yet. */
  isIdle(streamId: number): boolean
  /** A block of fields came on a stream; `isEnd`: the peer's half ends with it. */
  headers(streamId: number, entries: HeaderEntry[], isEnd: boolean): void
  /** Likewise; its list is too large. */
  headersTooLarge(streamId: number, error: HttpError): void
  streamReset(stream: H2Stream, code: number): void
  goaway(lastStreamId: number, code: number): void
  pingAcked(bytes: Uint8Array, at: number): void
  /** SETTINGS were followed. */
  settingsChanged(): void
}
