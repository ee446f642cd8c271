import type { Check } from './check.ts'

/** A request that is answered with a redirect. */
export function redirectCheck(path: string, status: number, redirect: NonNullable<Check['redirect']> = {}): Check {
  return { path, status, redirect }
}

const host = 'example.org'
const port = '8083'
const scheme = 'https'

/** Of MeshHTTPRouteRedirectHostAndStatus. */
export const HOST_AND_STATUS_CHECKS: readonly Check[] = [
  redirectCheck('/hostname-redirect', 302, { host }),
  redirectCheck('/host-and-status', 301, { host }),
]

/** Of MeshHTTPRouteRedirectPath. */
export const PATH_CHECKS: readonly Check[] = [
  redirectCheck('/original-prefix/lemon', 302, { path: '/replacement-prefix/lemon' }),
  redirectCheck('/full/path/original', 302, { path: '/full-path-replacement' }),
  redirectCheck('/path-and-host', 302, { host, path: '/replacement-prefix' }),
  redirectCheck('/path-and-status', 301, { path: '/replacement-prefix' }),
  redirectCheck('/full-path-and-host', 302, { host, path: '/replacement-full' }),
  redirectCheck('/full-path-and-status', 301, { path: '/replacement-full' }),
]

/** Of MeshHTTPRouteRedirectPort. */
export const PORT_CHECKS: readonly Check[] = [
  redirectCheck('/port', 302, { port }),
  redirectCheck('/port-and-host', 302, { host, port }),
  redirectCheck('/port-and-status', 301, { port }),
  redirectCheck('/port-and-host-and-status', 302, { host, port }),
]

/** Of MeshHTTPRouteSchemeRedirect. */
export const SCHEME_CHECKS: readonly Check[] = [
  redirectCheck('/scheme', 302, { scheme }),
  redirectCheck('/scheme-and-host', 302, { scheme, host }),
  redirectCheck('/scheme-and-status', 301, { scheme }),
  redirectCheck('/scheme-and-host-and-status', 302, { scheme, host }),
]
