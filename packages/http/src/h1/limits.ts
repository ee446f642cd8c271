/** Bounds of one HTTP/1 session, in octets where nothing else is said. Each exceeded one is a fault of the peer. */
export interface H1Limits {
  /** Start line and fields together, with their line ends. */
  readonly maxHeadBytes: number
  /** The request target alone. */
  readonly maxTargetBytes: number
  /** Field lines of a head, and of trailers. */
  readonly maxFields: number
  readonly maxTrailerBytes: number
  /** Informational answers to one request in all: their receiver cannot hold them back. */
  readonly maxInformationalBytes: number
  /** Chunk extensions of one body in all; they are dropped. */
  readonly maxChunkExtensionBytes: number
  /** Input held while an answer is under way or a body is paused; beyond it, reading pauses. */
  readonly maxHeldBytes: number
  /** What is read and thrown away of a request that was answered early, or after a fault; beyond it the connection ends. */
  readonly maxDiscardedBytes: number
}

/** Sane for a proxy: larger than any browser or gRPC client needs, small enough for ten thousand connections. */
export const DEFAULT_H1_LIMITS: H1Limits = {
  maxHeadBytes: 65_536,
  maxTargetBytes: 16_384,
  maxFields: 128,
  maxTrailerBytes: 16_384,
  maxInformationalBytes: 65_536,
  maxChunkExtensionBytes: 16_384,
  maxHeldBytes: 65_536,
  maxDiscardedBytes: 262_144,
}
