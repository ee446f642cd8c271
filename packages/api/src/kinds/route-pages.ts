import { code, renderTable } from './field-table.ts'
import { grpcRouteSchema } from './grpc-route-schema.ts'
import { httpRouteSchema } from './http-route-schema.ts'
import { KINDS } from './kind.ts'
import { referenceGrantSchema } from './reference-grant-schema.ts'
import { tcpRouteSchema, tlsRouteSchema } from './stream-route-schema.ts'

const SUPPORT = `Fields with * are needed. Support says how far the Gateway API binds its implementations: \`core\` and \`extended\` fields are of its
standard, \`experimental\` ones may still change there; all of these work. \`refused\` ones do not: a file that has them is an error.`

const ROUTE_TABLE = { brief: ['metadata'], omit: ['status'], hasLevels: true } as const

/** The page `docs/reference/gateway-api.md`. */
export function renderGatewayApiPage(): string {
  return `# Gateway API

Where requests go is configured by the [Gateway API](https://gateway-api.sigs.k8s.io/), attached to Services as its mesh profile (GAMMA)
has it. The same files serve a laptop and a cluster.

| kind | apiVersion | read as the same |
| --- | --- | --- |
${renderVersions()}

Fields: [HTTPRoute](http-route.md), [GRPCRoute](grpc-route.md), [TLSRoute and TCPRoute](tls-tcp-route.md), [ReferenceGrant](#referencegrant). What the
Gateway API has no word for is in [BackendPolicy](backend-policy.md), [TrafficPolicy](traffic-policy.md) and [FaultPolicy](fault-policy.md).
The schemas are those of the API's experimental channel, v1.6; \`make crds\` compares them.

## What a route is attached to

A route names Services in \`parentRefs\`, with \`group: ""\` and \`kind: Service\`. It is in force for requests to that Service, at the port that
\`port\` or \`sectionName\` names, or at every port. There are no gateways yet: a parent of kind Gateway is named in a warning.

- In the Service's own namespace it is a **producer route**, for every client.
- In another namespace it is a **consumer route**, for clients in the route's namespace only. Those then see none of the producer's routes
  of that Service.
- Of two kinds at one port only the more specific one is in force: GRPCRoute, then HTTPRoute, then TLSRoute, then TCPRoute.
- Backends are addressed without the routes of their own. So a route that leads back to its own Service, or two that lead to each other,
  are no cycle. What does go round is a redirect that changes nothing, or leads to a path that its own rule redirects again: a warning
  names it.
- A Service of another namespace as backend needs a ReferenceGrant there, unless it is the very parent of the route.

Of matches that fit a request the most specific one counts, over all routes of the Service: an exact path, the longest prefix, a regular
expression, then the prefix \`/\`; a method; more headers; more query parameters. Between equal ones the older route counts
(\`metadata.creationTimestamp\`), then the first by namespace and name, then the earlier rule. A match that never wins is named in a warning.

Paths are normalised before they are matched, and expressions have a bound on what they may cost: [how](path-matching.md).

## What becomes of a mistake

What a single object has wrong, or asks for and the mesh cannot do, is an error: the files are refused. On a cluster, where the API server
accepts it, such a route is not in force, and its status says why.

What another object may mend is shown in the status of the route, and by \`heddle validate\` as a warning. The rest of the route is in force.

| condition | reason | when |
| --- | --- | --- |
| \`Accepted\` | \`NoMatchingParent\` | the Service, or that port of it, is missing, or the parent is no Service |
| | \`UnsupportedValue\` | something that the mesh cannot do, such as an expression that is none of RE2 |
| | \`Conflicted\` | at every port there is a route of a more specific kind |
| \`ResolvedRefs\` | \`BackendNotFound\` | the Service, or that port of it, is missing |
| | \`RefNotPermitted\` | the Service is in another namespace, and no ReferenceGrant there allows it |
| | \`InvalidKind\` | the backend is no Service |
| | \`UnsupportedValue\` | the backend is an ExternalName |

The share of a backend that is not found is answered with 500 (HTTP), \`UNAVAILABLE\` (gRPC), or the end of the connection.

Policies have \`Accepted\` for each target: \`TargetNotFound\`, \`Conflicted\` (an older policy of the kind has the very same target), \`Expired\` (the
end of a FaultPolicy has come).

## Conformance

\`make gateway-conformance\` runs the API's own conformance tests, release 1.6.3 and unchanged, on a Kubernetes cluster with Heddle: profiles
MESH-HTTP and MESH-GRPC, core and everything extended. All 22 tests of a mesh pass; what the suite says of it is in
[its report](conformance/gateway-api-v1.6.3.yaml), written with \`ARGS=--report-output=FILE\`.

The same holds where there is no cluster. \`make gamma\` runs every case of these tests against \`heddle up\`:
22 cases in transparent mode, and the same in explicit mode. The suite's YAML is applied as it is, from the module that it is published in; its Deployments
become Workloads of an echo server of ours, and the client asks from where the suite's does. Beside what the suite looks at, the \`Location\`
of redirects and the path that the application sees are compared.

| not run | why |
| --- | --- |
| MeshFrontend, the request to the pod's address, in explicit mode | instances have no addresses of their own there; it runs in transparent mode |
| all cases in transparent mode, without root, \`ip\` and \`iptables\` | there are no network namespaces then |

## ReferenceGrant

\`gateway.networking.k8s.io/v1\`. ${referenceGrantSchema.description} It stands in their namespace.

\`\`\`yaml
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: for-shop, namespace: bank}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}]
  to: [{group: "", kind: Service, name: vault-svc}]
\`\`\`

${SUPPORT}

${renderTable(referenceGrantSchema, ROUTE_TABLE)}
`
}

function renderVersions(): string {
  return KINDS.filter(({ apiVersion }) => apiVersion.startsWith('gateway.'))
    .map(({ kind, apiVersion, olderVersions }) => {
      const older = olderVersions.map((version) => code(version.split('/')[1] ?? ''))
      return `| ${kind} | ${code(apiVersion)} | ${older.join(', ')} |`
    })
    .join('\n')
}

/** The page `docs/reference/http-route.md`. */
export function renderHttpRoutePage(): string {
  return `# HTTPRoute

\`gateway.networking.k8s.io/v1\`, also read as \`v1beta1\`. ${httpRouteSchema.description} What routes have in common is in
[gateway-api.md](gateway-api.md).

\`\`\`yaml
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs:
    - {group: "", kind: Service, name: web-svc, port: 80}
  rules:
    - name: new-cart                       # 10 % of /cart go to the new version
      matches: [{path: {type: PathPrefix, value: /cart}}]
      backendRefs:
        - {name: web-svc, port: 80, weight: 90}
        - {name: web-v2-svc, port: 80, weight: 10}
      timeouts: {request: 10s, backendRequest: 3s}
      retry: {attempts: 2, codes: [502, 503]}
    - name: rest
      backendRefs: [{name: web-svc, port: 80}]
\`\`\`

Beside what the table says:

- \`replacePrefixMatch\` needs exactly one match, a \`PathPrefix\`. A redirect goes with neither \`backendRefs\` nor a rewrite. Filters occur once, but for
  \`RequestMirror\`.
- Filters may not change \`Host\` (use \`urlRewrite.hostname\`), nor the fields that say where a message ends: \`Connection\`,
  \`Content-Length\`, \`Keep-Alive\`, \`Proxy-Connection\`, \`TE\`, \`Trailer\`, \`Transfer-Encoding\`, \`Upgrade\`.
- A path of type \`Exact\` or \`PathPrefix\` has no \`//\`, \`/./\`, \`/../\`, \`%2f\` or \`#\`: no request is ever compared with such a one.
- Regular expressions are those of RE2, at most 1024 characters. They have to fit the whole value.
- A \`retry\` without \`codes\` is about failures before the service has seen the whole request; a TrafficPolicy says more.
- All rules together have at most 128 matches.

${SUPPORT}

${renderTable(httpRouteSchema, { ...ROUTE_TABLE, same: { 'spec.rules[].backendRefs[].filters': 'spec.rules[].filters' } })}
`
}

/** The page `docs/reference/grpc-route.md`. */
export function renderGrpcRoutePage(): string {
  return `# GRPCRoute

\`gateway.networking.k8s.io/v1\`, also read as \`v1alpha2\`. ${grpcRouteSchema.description} What routes have in common is in
[gateway-api.md](gateway-api.md).

\`\`\`yaml
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: cart, namespace: shop}
spec:
  parentRefs:
    - {group: "", kind: Service, name: cart-svc}
  rules:
    - matches: [{method: {service: shop.v1.Cart, method: Checkout}}]
      backendRefs: [{name: till-svc, port: 8080}]
    - backendRefs: [{name: cart-svc, port: 8080}]
\`\`\`

Timeouts and retries of calls are in [TrafficPolicy](traffic-policy.md); the API has no fields for them here. The rules about filters, headers
and regular expressions are those of [HTTPRoute](http-route.md).

${SUPPORT}

${renderTable(grpcRouteSchema, { ...ROUTE_TABLE, same: { 'spec.rules[].backendRefs[].filters': 'spec.rules[].filters' } })}
`
}

/** The page `docs/reference/tls-tcp-route.md`. */
export function renderStreamRoutesPage(): string {
  return `# TLSRoute and TCPRoute

Where connections go that nobody looks into. What routes have in common is in [gateway-api.md](gateway-api.md). Both have exactly one rule, as v1
of the API wants; files of \`v1alpha2\` with more are refused.

## TLSRoute

\`gateway.networking.k8s.io/v1\`, also read as \`v1alpha3\` and \`v1alpha2\`. ${tlsRouteSchema.description}

\`\`\`yaml
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: db, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: db-svc}]
  hostnames: [db.shop.example]
  rules: [{backendRefs: [{name: db-v2-svc, port: 5432}]}]
\`\`\`

${SUPPORT}

${renderTable(tlsRouteSchema, ROUTE_TABLE)}

## TCPRoute

\`gateway.networking.k8s.io/v1\`, also read as \`v1alpha2\`. ${tcpRouteSchema.description} Of two at one port the older one counts.

${renderTable(tcpRouteSchema, ROUTE_TABLE)}
`
}
