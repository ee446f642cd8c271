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
