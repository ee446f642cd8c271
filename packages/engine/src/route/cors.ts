/** A cross-origin policy. WHATWG Fetch, "CORS protocol"; Gateway API, HTTPCORSFilter. */
export interface Cors {
  /** Any origin is let in. */
  readonly allowsAnyOrigin: boolean
  readonly exactOrigins: ReadonlySet<string>
  readonly originPatterns: readonly OriginPattern[]
  readonly allowCredentials: boolean
  /** `*` stands for all; `undefined`: none is named. */
  readonly allowMethods: string | undefined
  readonly allowHeaders: string | undefined
  readonly exposeHeaders: string | undefined
  /** Seconds. */
  readonly maxAge: string
}

/** An origin with "*" within its host; the port is always there. */
export interface OriginPattern {
  readonly before: string
  readonly after: string
}
