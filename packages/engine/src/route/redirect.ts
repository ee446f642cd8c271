import type { PathChange } from './path-change.ts'

/** Status codes of a redirect. RFC 9110 §15.4. */
export type RedirectStatus = 301 | 302 | 303 | 307 | 308

export interface Redirect {
  /** `undefined`: that of the request; so with the others. */
  readonly scheme: 'http' | 'https' | undefined
  readonly hostname: string | undefined
  readonly port: number | undefined
  readonly path: PathChange | undefined
  readonly status: RedirectStatus
}
