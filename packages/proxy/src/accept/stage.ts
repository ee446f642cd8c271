/** What an accepted connection is doing at present; it goes from one stage to the next. */
export interface Stage {
  /** For people: `detecting`, `handshake`, `http1`, `opaque` and so on. */
  readonly protocol: string
  readonly openRequests: number
  readonly readBytes: number
  readonly writtenBytes: number
  /** The deadline set by `Accepted.expectWithin` passed. */
  deadlinePassed(): void
  /** The proxy is being stopped: end when nothing is under way, else after that. */
  drain(): void
  /** End at once. */
  destroy(): void
}
