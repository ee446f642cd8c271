/** A manifest that both `heddle validate` and the API server are asked about; NAME stands for a name of its own. */
export interface TruthCase {
  /** In a few words; its name is made of them. */
  readonly what: string
  readonly text: string
}

const PARENT = 'parentRefs: [{group: "", kind: Service, name: web-svc}]'
const BACKEND = 'backendRefs: [{name: web-svc, port: 80}]'
const TARGET = 'targetRefs: [{kind: Service, name: web-svc}]'
const UNTIL = 'until: "2099-06-15T13:00:00Z"'

function manifest(type: string, spec: string): string {
  const [apiVersion, kind] = type.split(' ')
  const lines = spec.split('\n').map((line) => `  ${line}\n`)
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: NAME}\nspec:\n${lines.join('')}`
}

/** A route with one rule, in flow style. */
function route(kind: string, rule: string, rest = PARENT): string {
  const lines = rule.split('\n').map((line, i) => (i === 0 ? `- ${line}` : `  ${line}`))
  return manifest(`gateway.networking.k8s.io/v1 ${kind}`, `${rest}\nrules:\n${lines.join('\n')}`)
}

const http = (rule: string, rest?: string) => route('HTTPRoute', rule, rest)
const grpc = (rule: string, rest?: string) => route('GRPCRoute', rule, rest)
const tls = (rule: string, rest = `${PARENT}\nhostnames: [a.example]`) => route('TLSRoute', rule, rest)
const tcp = (rule: string, rest?: string) => route('TCPRoute', rule, rest)
const filter = (text: string) => http(`filters: [${text}]\n${BACKEND}`)
const match = (text: string) => http(`matches: [${text}]\n${BACKEND}`)
const service = (spec: string) => manifest('v1 Service', spec)
const workload = (spec: string) => manifest('heddle.dev/v1alpha1 Workload', spec)
const traffic = (spec: string, target = TARGET) => manifest('heddle.dev/v1alpha1 TrafficPolicy', `${target}\n${spec}`)
const backend = (spec: string, target = TARGET) => manifest('heddle.dev/v1alpha1 BackendPolicy', `${target}\n${spec}`)
const fault = (spec: string, end = UNTIL) => manifest('heddle.dev/v1alpha1 FaultPolicy', `${TARGET}\n${end}\n${spec}`)
const grant = (spec: string) => manifest('gateway.networking.k8s.io/v1beta1 ReferenceGrant', spec)
const named = (kind: string, rest = '') => `apiVersion: v1\nkind: ${kind}\nmetadata: {name: NAME${rest}}\n`

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

export const WRONG: readonly TruthCase[] = [
  { what: 'http unknown field', text: http('backendRef: [{name: web-svc, port: 80}]') },
  { what: 'http unknown version', text: http(BACKEND).replace('k8s.io/v1', 'k8s.io/v2') },
  { what: 'http unknown kind', text: http(BACKEND).replace('HTTPRoute', 'HttpRouter') },
  { what: 'http parent in the wrong group', text: http(BACKEND, 'parentRefs: [{kind: Service, name: web-svc}]') },
  {
    what: 'http parent twice',
    text: http(BACKEND, 'parentRefs: [{group: "", kind: Service, name: a}, {group: "", kind: Service, name: a}]'),
  },
  { what: 'http backend of another kind', text: http('backendRefs: [{kind: Deployment, name: web, port: 80}]') },
  { what: 'http backend without port', text: http('backendRefs: [{name: web-svc}]') },
  { what: 'http weight below zero', text: http('backendRefs: [{name: web-svc, port: 80, weight: -1}]') },
  { what: 'http weight not whole', text: http('backendRefs: [{name: web-svc, port: 80, weight: 0.5}]') },
  { what: 'http port as text', text: http('backendRefs: [{name: web-svc, port: "80"}]') },
  { what: 'http path without slash', text: match('{path: {value: cart}}') },
  { what: 'http path with a query', text: match('{path: {type: Exact, value: "/cart?a=b"}}') },
  { what: 'http path never asked for', text: match('{path: {value: /a//b}}') },
  { what: 'http path of no type', text: match('{path: {type: Prefix, value: /a}}') },
  { what: 'http expression unclosed', text: match("{path: {type: RegularExpression, value: '/v[0-9'}}") },
  {
    what: 'http expression looks ahead',
    text: match("{headers: [{type: RegularExpression, name: a, value: '(?=x)y'}]}"),
  },
  { what: 'http method in lower case', text: match('{method: get}') },
  { what: 'http header twice', text: match('{headers: [{name: a, value: b}, {name: a, value: c}]}') },
  { what: 'http header with a space', text: match('{headers: [{name: a b, value: c}]}') },
  {
    what: 'http header named by a word that is true to Kubernetes',
    text: filter('{type: RequestHeaderModifier, requestHeaderModifier: {remove: [y]}}'),
  },
  { what: 'http filter without field', text: filter('{type: URLRewrite}') },
  {
    what: 'http filter with fields of two',
    text: filter("{type: URLRewrite, urlRewrite: {hostname: a}, cors: {allowOrigins: ['*']}}"),
  },
  {
    what: 'http filter repeated',
    text: filter(
      '{type: RequestHeaderModifier, requestHeaderModifier: {remove: [a]}}, {type: RequestHeaderModifier, requestHeaderModifier: {remove: [b]}}',
    ),
  },
  {
    what: 'http redirect and rewrite',
    text: http(
      'filters: [{type: RequestRedirect, requestRedirect: {hostname: a.example}}, {type: URLRewrite, urlRewrite: {hostname: b.example}}]',
    ),
  },
  {
    what: 'http redirect and backend',
    text: filter('{type: RequestRedirect, requestRedirect: {hostname: a.example}}'),
  },
  {
    what: 'http redirect of no status',
    text: http('filters: [{type: RequestRedirect, requestRedirect: {hostname: a.example, statusCode: 200}}]'),
  },
  {
    what: 'http prefix of an exact path',
    text: http(
      `matches: [{path: {type: Exact, value: /a}}]\nfilters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}]\n${BACKEND}`,
    ),
  },
  {
    what: 'http host by a header filter',
    text: filter('{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: Host, value: a.example}]}}'),
  },
  {
    what: 'http end of message by a filter',
    text: filter('{type: ResponseHeaderModifier, responseHeaderModifier: {remove: [Transfer-Encoding]}}'),
  },
  {
    what: 'http filter of another maker',
    text: filter('{type: ExtensionRef, extensionRef: {group: example.org, kind: Wasm, name: w}}'),
  },
  { what: 'http timeouts crossed', text: http(`timeouts: {request: 1s, backendRequest: 2s}\n${BACKEND}`) },
  { what: 'http timeout of no unit', text: http(`timeouts: {request: "10"}\n${BACKEND}`) },
  { what: 'http host name with a port', text: http(BACKEND, `${PARENT}\nhostnames: ["a.example:80"]`) },
  { what: 'grpc path', text: grpc(`matches: [{path: {value: /a}}]\n${BACKEND}`) },
  { what: 'grpc method of neither', text: grpc(`matches: [{method: {type: Exact}}]\n${BACKEND}`) },
  { what: 'grpc service with a slash', text: grpc(`matches: [{method: {service: a/b}}]\n${BACKEND}`) },
  {
    what: 'grpc redirect',
    text: grpc(`filters: [{type: RequestRedirect, requestRedirect: {hostname: a}}]\n${BACKEND}`),
  },
  { what: 'tls without host names', text: tls(BACKEND, PARENT) },
  { what: 'tls of an address', text: tls(BACKEND, `${PARENT}\nhostnames: ["192.0.2.1"]`) },
  { what: 'tls with matches', text: tls(`matches: [{path: {value: /a}}]\n${BACKEND}`) },
  { what: 'tcp without backend', text: tcp('name: nowhere') },
  { what: 'tcp backend without port', text: tcp('backendRefs: [{name: web-svc}]') },
  { what: 'tcp backend of another kind', text: tcp('backendRefs: [{kind: Deployment, name: web, port: 80}]') },
  { what: 'tcp weight below zero', text: tcp('backendRefs: [{name: web-svc, port: 80, weight: -1}]') },
  { what: 'tcp with a timeout', text: tcp(`timeouts: {request: 10s}\n${BACKEND}`) },
  { what: 'grant from nobody', text: grant('from: []\nto: [{group: "", kind: Service}]') },
  {
    what: 'grant without group',
    text: grant('from: [{kind: HTTPRoute, namespace: a}]\nto: [{group: "", kind: Service}]'),
  },
  { what: 'traffic no target', text: traffic('honourRetryAfter: true', 'targetRefs: []') },
  {
    what: 'traffic target in the wrong group',
    text: traffic('honourRetryAfter: true', 'targetRefs: [{kind: HTTPRoute, name: a}]'),
  },
  {
    what: 'traffic target twice',
    text: traffic('honourRetryAfter: true', 'targetRefs: [{kind: Service, name: a}, {kind: Service, name: a}]'),
  },
  { what: 'traffic breaker of nothing', text: traffic('circuitBreaker: {}') },
  {
    what: 'traffic waits without limit',
    text: traffic('circuitBreaker: {consecutiveFailures: 5, maxPendingRequests: 10}'),
  },
  { what: 'traffic unknown condition', text: traffic('retry: {conditions: [timeouts]}') },
  { what: 'traffic method in lower case', text: traffic('retry: {methods: [post]}') },
  { what: 'traffic attempts as text', text: traffic('retry: {attempts: many}') },
  { what: 'traffic unknown field', text: traffic('retries: {attempts: 2}') },
  { what: 'backend says nothing', text: backend('# nothing') },
  {
    what: 'backend of a route',
    text: backend('slowStart: 10s', 'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: a}]'),
  },
  { what: 'backend unknown balancer', text: backend('balancer: {type: Fastest}') },
  { what: 'backend hash of nothing', text: backend('balancer: {type: RingHash}') },
  { what: 'backend hash not used', text: backend('balancer: {type: RoundRobin, hashOn: [{header: x}]}') },
  { what: 'backend two hashes in one', text: backend('balancer: {type: Maglev, hashOn: [{header: x, cookie: z}]}') },
  { what: 'backend outliers by nothing', text: backend('outlierDetection: {consecutiveFailures: 0}') },
  { what: 'backend ejections above all', text: backend('outlierDetection: {maxEjectionPercent: 101}') },
  { what: 'backend budget above all', text: backend('retryBudget: {percent: 200}') },
  { what: 'backend slow start too short', text: backend('slowStart: 1ms') },
  { what: 'fault without end', text: fault('faults: [{delay: 1s}]', '# no end') },
  { what: 'fault with an end of no time', text: fault('faults: [{delay: 1s}]', 'until: tomorrow') },
  { what: 'fault that does nothing', text: fault('faults: [{percent: 10}]') },
  { what: 'fault of two sorts', text: fault('faults: [{delay: 1s, abortStatus: 503}]') },
  { what: 'fault with a good status', text: fault('faults: [{abortStatus: 200}]') },
  {
    what: 'fault expression unclosed',
    text: fault('faults: [{delay: 1s, headers: [{type: RegularExpression, name: a, value: "(b"}]}]'),
  },
  { what: 'workload of nothing', text: workload('replicas: 1') },
  { what: 'workload of both', text: workload('command: [a]\naddresses: [192.0.2.11]') },
  { what: 'workload at no address', text: workload('addresses: [host.example]') },
  { what: 'workload at a taken address', text: workload('addresses: [192.0.2.77]\nports: [{name: http, port: 8080}]') },
  {
    what: 'workload of a Service that is missing',
    text: workload('command: [web]\nenv: [{name: A, valueFrom: {serviceRef: {name: web-scv, port: 80}}}]'),
  },
  {
    what: 'workload checks a port that is missing',
    text: workload('command: [web]\nports: [{name: http, port: 80}]\nhealthCheck: {tcpSocket: {port: htpp}}'),
  },
  { what: 'workload port too high', text: workload('command: [web]\nports: [{name: http, port: 70000}]') },
  { what: 'service without ports', text: service('selector: {app: a}') },
  { what: 'service port of zero', text: service('ports: [{port: 0}]') },
  { what: 'service ports without names', text: service('ports: [{port: 80}, {port: 81}]') },
  { what: 'service port twice', text: service('ports: [{name: a, port: 80}, {name: b, port: 80}]') },
  { what: 'service name of a port twice', text: service('ports: [{name: a, port: 80}, {name: a, port: 81}]') },
  { what: 'service at no address', text: service('clusterIP: ten\nports: [{port: 80}]') },
  { what: 'service outside without name', text: service('type: ExternalName') },
  { what: 'service of no type', text: service('type: Cluster\nports: [{port: 80}]') },
  { what: 'service unknown field', text: service('port: 80') },
  {
    what: 'service target of a long name',
    text: service('ports: [{port: 80, targetPort: a-name-of-more-than-fifteen}]'),
  },
  { what: 'service label with a space', text: service('selector: {app: a b}\nports: [{port: 80}]') },
  { what: 'namespace with a field', text: `${named('Namespace')}specs: {}\n` },
  { what: 'account with a list', text: `${named('ServiceAccount')}automountServiceAccountToken: [true]\n` },
]
