/** Octets of a head or of trailers as they came; positions of what is in them are relative to `base`. */
export interface ReceivedOctets {
  /** Not written to as long as somebody has them. */
  readonly bytes: Uint8Array
  /** Where they begin. */
  readonly base: number
  readonly size: number
}
