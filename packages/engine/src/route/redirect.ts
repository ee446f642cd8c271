import type { RedirectJson } from '@heddle/api/discovery/route'
import type { CompileContext } from './field-match.ts'
import { compileHostname } from './hostname.ts'
import { changePath, compilePathChange, type PathChange } from './path-change.ts'
import type { RequestFacts } from './request-facts.ts'

/** Status codes of a redirect. RFC 9110 §15.4. */
export type RedirectStatus = 301 | 302 | 303 | 307 | 308

/** Where a client is sent to; `undefined`: what the request has. */
export interface Redirect {
  readonly scheme: 'http' | 'https' | undefined
  readonly hostname: string | undefined
  readonly port: number | undefined
  readonly path: PathChange | undefined
  readonly status: RedirectStatus
}

/** What the client has addressed. */
export interface RedirectOrigin {
  /** Name of the Service, for a request that names no host. */
  readonly host: string
  /** Port of the Service, which takes the place of the Gateway API's listener port. */
  readonly port: number
}

const STATUSES: readonly RedirectStatus[] = [301, 302, 303, 307, 308]
const DEFAULT_STATUS = 302
const WELL_KNOWN_PORT = { http: 80, https: 443 } as const

/** Compiles a RequestRedirect filter; `prefix` as in `compilePathChange`. */
export function compileRedirect(json: RedirectJson, prefix: string | undefined, context: CompileContext): Redirect {
  const { scheme = '', hostname = '', port = 0, status = 0 } = json
  if (scheme !== '' && scheme !== 'http' && scheme !== 'https') {
    context.onProblem(`a redirect cannot lead to the scheme ${JSON.stringify(scheme)}, only to http and https`)
  }
  const code = STATUSES.find((known) => known === (status === 0 ? DEFAULT_STATUS : status))
  if (code === undefined) context.onProblem(`a redirect cannot have the status ${status}`)
  return {
    scheme: scheme === 'http' || scheme === 'https' ? scheme : undefined,
    hostname: compileHostname(hostname, context),
    port: port === 0 ? undefined : port,
    path: compilePathChange(json.path, prefix, context),
    status: code ?? DEFAULT_STATUS,
  }
}

/**
 * The absolute URI of the `location` field. RFC 9110 §10.2.2; ports as the Gateway API's HTTPRequestRedirectFilter says: a scheme
 * brings its own port, and ports that go without saying are left out.
 */
export function redirectLocation(redirect: Redirect, request: RequestFacts, origin: RedirectOrigin): string {
  const scheme = redirect.scheme ?? request.scheme
  const own = splitAuthority(request.authority)
  const host = redirect.hostname ?? (own.host === '' ? origin.host : own.host)
  const port = redirect.port ?? derivePort(redirect, own.port ?? origin.port, origin)
  const path = request.path.startsWith('/') ? request.path : '/'
  const target = redirect.path === undefined ? path : changePath(redirect.path, path)
  return `${scheme}://${host}${port === WELL_KNOWN_PORT[scheme] ? '' : `:${port}`}${target}`
}

/** A kept host keeps the port that the client has used for it: with an explicit proxy that is not the Service's. */
function derivePort(redirect: Redirect, ownPort: number, origin: RedirectOrigin): number {
  if (redirect.scheme !== undefined) return WELL_KNOWN_PORT[redirect.scheme]
  return redirect.hostname === undefined ? ownPort : origin.port
}

function splitAuthority(authority: string): { readonly host: string; readonly port: number | undefined } {
  const colon = authority.lastIndexOf(':')
  if (colon === -1 || authority.endsWith(']')) return { host: authority, port: undefined }
  const port = Number(authority.slice(colon + 1))
  const isPort = Number.isInteger(port) && port > 0 && port <= 65_535
  return { host: authority.slice(0, colon), port: isPort ? port : undefined }
}
