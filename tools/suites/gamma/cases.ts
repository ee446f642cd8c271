import type { Check } from './check.ts'
import { HEADER_CHECKS, REWRITE_CHECKS } from './filter-checks.ts'
import { MATCHING_CHECKS, QUERY_CHECKS } from './match-checks.ts'
import { HOST_AND_STATUS_CHECKS, PATH_CHECKS, PORT_CHECKS, redirectCheck, SCHEME_CHECKS } from './redirect-checks.ts'

const SHARES = { 'echo-v1': 0.7, 'echo-v2': 0.3 }
const IS_SET = { headers: { 'X-Header-Set': 'set' } }
const IS_NOT_SET = { without: ['X-Header-Set'] }

/** Stands for the address of the instance of `echo-v2`, which no name is known for. */
export const ADDRESS_OF_ECHO_V2 = 'ADDRESS-OF-ECHO-V2'

/** What each case of the suite asks and expects, by the suite's names. */
export const CASES: Readonly<Record<string, readonly Check[]>> = {
  MeshBasic: [{}],
  MeshConsumerRoute: [
    { from: 'consumer', host: 'echo-v1.gateway-conformance-mesh', answered: IS_SET, backend: 'echo-v1' },
    { host: 'echo-v1.gateway-conformance-mesh', answered: IS_NOT_SET, backend: 'echo-v1' },
  ],
  MeshFrontend: [
    { name: 'to the Service', host: 'echo-v2', answered: IS_SET, backend: 'echo-v2' },
    { name: 'to the pod', host: `${ADDRESS_OF_ECHO_V2}:8080`, answered: IS_NOT_SET, backend: 'echo-v2' },
  ],
  MeshFrontendHostname: [
    {
      name: 'to the Service, with the name of another',
      host: 'echo-v2',
      headers: { Host: 'echo-v1' },
      answered: IS_SET,
      backend: 'echo-v2',
    },
    {
      name: 'to another Service, with its name',
      host: 'echo-v1',
      headers: { Host: 'echo-v2' },
      answered: IS_NOT_SET,
      backend: 'echo-v1',
    },
  ],
  MeshGRPCRouteWeight: [
    { protocol: 'grpc', host: 'echo:7070' },
    { protocol: 'grpc', host: 'echo:7070', shares: SHARES },
  ],
  MeshHTTPRoute303Redirect: [redirectCheck('/redirect', 303)],
  MeshHTTPRoute307Redirect: [redirectCheck('/temporary', 307)],
  MeshHTTPRoute308Redirect: [redirectCheck('/permanent', 308)],
  MeshHTTPRouteBackendRequestHeaderModifier: HEADER_CHECKS,
  MeshHTTPRouteMatching: MATCHING_CHECKS,
  MeshHTTPRouteNamedRule: [
    { path: '/named', backend: 'echo-v1' },
    { path: '/unnamed', backend: 'echo-v2' },
  ],
  MeshHTTPRouteQueryParamMatching: QUERY_CHECKS,
  MeshHTTPRouteRedirectHostAndStatus: HOST_AND_STATUS_CHECKS,
  MeshHTTPRouteRedirectPath: PATH_CHECKS,
  MeshHTTPRouteRedirectPort: PORT_CHECKS,
  MeshHTTPRouteRequestHeaderModifier: HEADER_CHECKS,
  MeshHTTPRouteRewritePath: REWRITE_CHECKS,
  MeshHTTPRouteSchemeRedirect: SCHEME_CHECKS,
  MeshHTTPRouteSimpleSameNamespace: [{ backend: 'echo-v1' }],
  MeshHTTPRouteWeight: [{}, { shares: SHARES }],
  MeshPorts: [
    { name: 'to the port of the route', host: 'echo-v1', ...answeredBy('v1') },
    { name: 'to another port', host: 'echo-v1:8080', answered: IS_NOT_SET, backend: 'echo-v1' },
    { name: 'to a port of a route for all', host: 'echo-v2', ...answeredBy('v2') },
    { name: 'to the other port of it', host: 'echo-v2:8080', ...answeredBy('v2') },
  ],
  MeshTrafficSplit: [
    { path: '/v1', backend: 'echo-v1' },
    { path: '/v2', backend: 'echo-v2' },
  ],
}

function answeredBy(version: string): Check {
  return { answered: { headers: { 'X-Header-Set': version } }, backend: `echo-${version}` }
}
