import {
  BACKEND,
  backend,
  fault,
  filter,
  grant,
  grpc,
  http,
  match,
  named,
  PARENT,
  service,
  type TruthCase,
  tcp,
  tls,
  traffic,
  workload,
} from './truth-manifests.ts'

/** What the others are about; right as well. */
export const TRUTH_WORLD = `apiVersion: v1
kind: Service
metadata: {name: web-svc}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: heddle.dev/v1alpha1
kind: Workload
metadata: {name: taken, labels: {app: taken}}
spec: {addresses: [192.0.2.77], ports: [{name: http, port: 8080}]}
`

export const RIGHT: readonly TruthCase[] = [
  { what: 'http', text: http(BACKEND) },
  { what: 'http at a port', text: http(BACKEND, 'parentRefs: [{group: "", kind: Service, name: web-svc, port: 80}]') },
  { what: 'http of a gateway', text: http(BACKEND, 'parentRefs: [{name: gate}]') },
  {
    what: 'http with weights',
    text: http('backendRefs: [{name: a, port: 80, weight: 9}, {name: b, port: 80, weight: 1}]'),
  },
  { what: 'http without backend', text: http('matches: [{path: {value: /a}}]') },
  { what: 'http exact path', text: match('{path: {type: Exact, value: /cart}}') },
  { what: 'http regular expression', text: match("{path: {type: RegularExpression, value: '/v[0-9]+'}}") },
  {
    what: 'http headers and query',
    text: match('{headers: [{name: a, value: b}], queryParams: [{name: q, value: r}], method: GET}'),
  },
  {
    what: 'http redirect',
    text: http('filters: [{type: RequestRedirect, requestRedirect: {hostname: a.example, statusCode: 308}}]'),
  },
  {
    what: 'http rewrite',
    text: filter('{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /b}}}'),
  },
  {
    what: 'http headers changed',
    text: filter('{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x, value: "1"}], remove: [z]}}'),
  },
  { what: 'http mirror', text: filter('{type: RequestMirror, requestMirror: {backendRef: {name: b, port: 80}}}') },
  { what: 'http timeouts', text: http(`timeouts: {request: 10s, backendRequest: 2s}\n${BACKEND}`) },
  { what: 'http hostnames', text: http(BACKEND, `${PARENT}\nhostnames: [a.example, "*.b.example"]`) },
  { what: 'http older version', text: http(BACKEND).replace('k8s.io/v1', 'k8s.io/v1beta1') },
  { what: 'grpc', text: grpc(BACKEND) },
  { what: 'grpc method', text: grpc(`matches: [{method: {service: a.B, method: C}}]\n${BACKEND}`) },
  { what: 'grpc headers', text: grpc(`matches: [{headers: [{name: a, value: b}]}]\n${BACKEND}`) },
  { what: 'tls', text: tls(BACKEND) },
  { what: 'tls of any name below another', text: tls(BACKEND, `${PARENT}\nhostnames: ["*.b.example"]`) },
  { what: 'tls of a gateway', text: tls(BACKEND, 'parentRefs: [{name: gate}]\nhostnames: [a.example]') },
  { what: 'tcp', text: tcp(BACKEND) },
  { what: 'tcp at a port', text: tcp(BACKEND, 'parentRefs: [{group: "", kind: Service, name: web-svc, port: 80}]') },
  { what: 'tcp with weights', text: tcp('backendRefs: [{name: a, port: 80, weight: 9}, {name: b, port: 80}]') },
  {
    what: 'grant',
    text: grant(
      'from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: a}]\nto: [{group: "", kind: Service}]',
    ),
  },
  {
    what: 'grant of somebody else',
    text: grant(
      'from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: a}]\nto: [{group: "", kind: Secret}]',
    ),
  },
  { what: 'traffic retry', text: traffic('retry: {attempts: 2, conditions: [5xx, connect-failure]}') },
  { what: 'traffic breaker', text: traffic('circuitBreaker: {maxRequests: 10, maxPendingRequests: 5}') },
  {
    what: 'traffic of a route',
    text: traffic(
      'timeouts: {request: 5s}',
      'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: a}]',
    ),
  },
  { what: 'backend balancer', text: backend('balancer: {type: RingHash, hashOn: [{header: x}]}') },
  { what: 'backend outliers', text: backend('outlierDetection: {consecutiveFailures: 5, baseEjection: 10s}') },
  { what: 'backend slow start', text: backend('slowStart: 10s') },
  { what: 'fault delay', text: fault('faults: [{delay: 1s, percent: 10}]') },
  { what: 'fault abort', text: fault('faults: [{abortStatus: 503}, {abortGrpcStatus: UNAVAILABLE}]') },
  { what: 'fault that is over', text: fault('faults: [{reset: true}]', 'until: "2020-01-01T00:00:00Z"') },
  { what: 'workload at an address', text: workload('addresses: [192.0.2.10]\nports: [{name: http, port: 80}]') },
  {
    what: 'workload of a Service',
    text: workload('command: [web]\nenv: [{name: A, valueFrom: {serviceRef: {name: web-svc, port: 80}}}]'),
  },
  { what: 'service', text: service('selector: {app: a}\nports: [{port: 80}]') },
  {
    what: 'service of two ports',
    text: service('ports: [{name: a, port: 80, targetPort: a}, {name: b, port: 81, appProtocol: kubernetes.io/h2c}]'),
  },
  { what: 'service headless', text: service('clusterIP: None\nports: [{port: 80}]') },
  { what: 'service headless without ports', text: service('clusterIP: None') },
  { what: 'service outside', text: service('type: ExternalName\nexternalName: old.example') },
  { what: 'service of nodes', text: service('type: NodePort\nports: [{port: 80, nodePort: 30999}]') },
  { what: 'namespace', text: named('Namespace') },
  { what: 'account', text: named('ServiceAccount', ', annotations: {a: b}') },
]
