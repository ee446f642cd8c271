/**
 * What is wrong with the bytes of a peer. Stable words: metric labels and the `heddle-error` header are made of them.
 * The comment gives the status that a server answers with, where it can answer at all.
 */
export const HTTP_FAULTS = {
  bad_request_line: 400,
  bad_status_line: 502,
  bad_field: 400,
  bad_framing: 400,
  bad_chunk: 400,
  bad_host: 400,
  bad_target: 400,
  head_too_large: 431,
  target_too_long: 414,
  version_not_supported: 505,
  transfer_coding_not_implemented: 501,
  expectation_failed: 417,
  /** The head did not come in time; for the owner of the deadline, no parser says this. */
  head_timeout: 408,
  /** The peer ended the connection in the middle of a message. */
  incomplete_message: 400,
  /** HTTP/2, from here on: no preface, or no SETTINGS behind it. */
  bad_preface: 400,
  /** A frame that is too long, too short, or has a value that it may not have. */
  bad_frame: 400,
  /** A frame that may not come where it came. */
  stream_state: 400,
  /** More octets than the window had, a window above 2^31-1, or an increment of 0. */
  window_fault: 400,
  /** A pseudo-header that is missing, unknown, double or at the wrong place. */
  bad_pseudo_header: 400,
  /** More streams at once than we allowed. */
  too_many_streams: 503,
  /** Streams begun for nothing, or made us reset them, too often. */
  rapid_reset: 429,
  /** A header block in too many pieces, or too large to be held. */
  continuation_flood: 429,
  settings_flood: 429,
  ping_flood: 429,
  empty_frame_flood: 429,
  priority_flood: 429,
  window_update_flood: 429,
  /** The peer does not read what it makes us answer. */
  unread_replies: 429,
  /** A header block that HPACK cannot have made; ends the connection. RFC 7541. */
  header_compression: 400,
} as const

export type HttpFault = keyof typeof HTTP_FAULTS

/** The peer sent something that is not HTTP as the RFCs say; thrown by parsers, reported by sessions. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly fault: HttpFault

  /** @param detail - what was found, without the peer's secrets: "chunk size \"0x5\" at octet 12" */
  constructor(fault: HttpFault, detail: string) {
    super(detail)
    this.fault = fault
  }

  /** Status for the client, when the client is at fault and an answer is still possible. */
  get status(): number {
    return HTTP_FAULTS[this.fault]
  }
}
