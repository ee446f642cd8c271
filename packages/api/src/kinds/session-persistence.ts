/** How requests of one session stay with one endpoint (GEP-1619). Durations as text, such as `1h30m`. */
export interface SessionPersistence {
  /** Name of the cookie or of the header; one is made up where the file gives none. */
  readonly sessionName: string
  readonly type: 'Cookie' | 'Header'
  readonly absoluteTimeout?: string
  readonly idleTimeout?: string
  /** `Permanent` only with an `absoluteTimeout`. */
  readonly cookieConfig: { readonly lifetimeType: 'Permanent' | 'Session' }
}
