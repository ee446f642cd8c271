/** Octets before the payload of each frame. RFC 9113 §4.1. */
export const FRAME_HEAD_BYTES = 9
/** Largest payload that we take, and the largest that everybody must take, so no frame of ours is larger. RFC 9113 §4.2. */
export const MAX_PAYLOAD_BYTES = 16_384
/** What a client sends first. RFC 9113 §3.4. */
export const CLIENT_PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

/** RFC 9113 §6. */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const FLAG = {
  ack: 0x1,
  endStream: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const

/** RFC 9113 §6.5.2, RFC 8441 §3. */
export const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  enableConnectProtocol: 8,
} as const

/** Windows before anything was said about them. RFC 9113 §6.9.2. */
export const DEFAULT_WINDOW_BYTES = 65_535
export const MAX_WINDOW_BYTES = 0x7fff_ffff
export const MAX_STREAM_ID = 0x7fff_ffff
/** All but the first bit of a word, which is reserved before ids of streams and increments of windows. RFC 9113 §4.1, §6.9. */
export const UNRESERVED_BITS = 0x7fff_ffff
