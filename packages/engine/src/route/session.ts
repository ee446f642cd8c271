/** How a client is kept at the endpoint it came to first. GEP-1619. */
export interface Session {
  readonly name: string
  readonly carrier: 'cookie' | 'header'
  /** 0: none. */
  readonly absoluteTimeoutMs: number
  readonly idleTimeoutMs: number
  /** The cookie outlives the browser. */
  readonly isPermanent: boolean
}
