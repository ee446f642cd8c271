/**
 * Bounds of one HTTP/2 session, in octets where nothing else is said. What a peer may do for nothing is bounded by counts that
 * useful work (and time, where the owner lends a clock) gives back, so that long lives are as possible as short ones.
 */
export interface H2Limits {
  /** A list of fields, as RFC 9113 §6.5.2 counts it: name, value and 32 for each. Told to the peer; beyond it 431. */
  readonly maxHeadBytes: number
  /** `:path` alone; beyond it 414. */
  readonly maxTargetBytes: number
  /** Field lines of a head, and of trailers. */
  readonly maxFields: number
  readonly maxTrailerBytes: number
  /** Informational answers to one request in all: their receiver cannot hold them back. */
  readonly maxInformationalBytes: number
  /** Compressed octets of one header block, which are held until it is complete. CVE-2024-27316 and others of its kind. */
  readonly maxHeaderBlockBytes: number
  /** CONTINUATION frames of one header block: empty ones need no octets. CVE-2024-27316 and others of its kind. */
  readonly maxContinuations: number
  /** Our SETTINGS_HEADER_TABLE_SIZE, and what we use at most of the peer's. CVE-2016-1544, CVE-2016-6581. */
  readonly maxTableBytes: number
  /**
   * Streams that a client may have open, halves of them included; told to it, and beyond it REFUSED_STREAM. For a client: those
   * that it will open at most, twice as many of which it remembers when it has reset them.
   */
  readonly maxConcurrentStreams: number
  /** What a peer may send on one stream before it is consumed. */
  readonly streamWindowBytes: number
  /** What a peer may send on all streams before we took it. */
  readonly connectionWindowBytes: number
  /** Of paused streams in all; beyond it the connection's window is given back only as they are consumed. */
  readonly maxHeldBytes: number
  /** What is read and thrown away after a fault of the connection, until the peer's end. */
  readonly maxDiscardedBytes: number
  /**
   * Streams that were begun for nothing: reset by the client before we answered, refused, or reset by us for a fault. Each
   * answered request gives one back. CVE-2023-44487 (rapid reset), CVE-2025-8671.
   */
  readonly maxResets: number
  /** SETTINGS frames; each wants an acknowledgement. CVE-2019-9515. */
  readonly maxSettings: number
  /** PING frames that want an answer; each HEADERS or DATA, of either side, gives one back. CVE-2019-9512. */
  readonly maxPings: number
  /** Frames that say nothing: DATA without octets, unknown types, GOAWAY. DATA with octets gives one back. CVE-2019-9518. */
  readonly maxEmptyFrames: number
  /** PRIORITY frames; each request gives one back. CVE-2019-9513. */
  readonly maxPriorities: number
  /** WINDOW_UPDATE frames; each DATA frame of ours gives two back, unless it was small for want of window. CVE-2019-9511. */
  readonly maxWindowUpdates: number
  /** Acknowledgements that wait, and heads of answers, because the peer does not read. CVE-2019-9512, CVE-2019-9515, CVE-2019-9517. */
  readonly maxUnreadReplies: number
  /** How many of each of these counts come back in a second; of no meaning without `nowMs`. */
  readonly returnedPerSecond: number
  /** Monotonic clock of the owner; without it only useful work gives counts back. */
  readonly nowMs?: (() => number) | undefined
}

/**
 * Sane for a proxy. Windows: 256 KiB fill 2 Gbit/s at 1 ms, and take a body of 100 KiB without one wait; four such streams
 * fill a connection. With the held octets, a connection takes 5 MiB at worst and nothing while it is idle. Resets and pings
 * are as nghttp2 has them; a client may cancel all of its streams twice at once.
 */
export const DEFAULT_H2_LIMITS: H2Limits = {
  maxHeadBytes: 65_536,
  maxTargetBytes: 16_384,
  maxFields: 128,
  maxTrailerBytes: 16_384,
  maxInformationalBytes: 65_536,
  maxHeaderBlockBytes: 65_536,
  maxContinuations: 32,
  maxTableBytes: 4096,
  maxConcurrentStreams: 256,
  streamWindowBytes: 262_144,
  connectionWindowBytes: 1_048_576,
  maxHeldBytes: 4_194_304,
  maxDiscardedBytes: 262_144,
  maxResets: 1000,
  maxSettings: 100,
  maxPings: 1000,
  maxEmptyFrames: 1000,
  maxPriorities: 1000,
  maxWindowUpdates: 10_000,
  maxUnreadReplies: 1000,
  returnedPerSecond: 33,
}
