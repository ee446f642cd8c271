/**
 * Fields of the discovery API's messages that may be attached to a destination, in their JSON form. A proxy checks its static file, and
 * what the control plane tells it, by them: the library that knows the messages would cost it several MB.
 */
export const ATTACHED_FIELDS = {
  Attached: { routes: 'Route[]', policy: 'BackendPolicy', faults: 'Fault[]', circuitBreaker: 'CircuitBreaker' },
  Route: { kind: 'text', namespace: 'text', name: 'text', rules: 'RouteRule[]' },
  RouteRule: {
    name: 'text',
    matches: 'RouteMatch[]',
    filters: 'RouteFilter[]',
    backends: 'RouteBackend[]',
    requestTimeoutMs: 'number',
    backendRequestTimeoutMs: 'number',
    retry: 'RetryPolicy',
    sessionPersistence: 'SessionPersistence',
    circuitBreaker: 'CircuitBreaker',
    faults: 'Fault[]',
  },
  RouteMatch: {
    path: 'PathMatch',
    method: 'text',
    headers: 'ValueMatch[]',
    queryParams: 'ValueMatch[]',
    grpc: 'GrpcMethodMatch',
    serverNames: 'text[]',
  },
  PathMatch: { type: 'text', value: 'text' },
  ValueMatch: { type: 'text', name: 'text', value: 'text' },
  GrpcMethodMatch: { type: 'text', service: 'text', method: 'text' },
  RouteBackend: { key: 'text', weight: 'number', filters: 'RouteFilter[]', unresolved: 'text' },
  RouteFilter: {
    requestHeaders: 'HeaderChange',
    responseHeaders: 'HeaderChange',
    redirect: 'Redirect',
    rewrite: 'Rewrite',
    mirror: 'Mirror',
    cors: 'Cors',
  },
  HeaderChange: { set: 'Header[]', add: 'Header[]', remove: 'text[]' },
  Header: { name: 'text', value: 'text' },
  Redirect: { scheme: 'text', hostname: 'text', port: 'number', path: 'PathChange', status: 'number' },
  Rewrite: { hostname: 'text', path: 'PathChange' },
  PathChange: { replaceFullPath: 'text', replacePrefixMatch: 'text' },
  Mirror: { backend: 'RouteBackend', numerator: 'number', denominator: 'number' },
  Cors: {
    allowOrigins: 'text[]',
    allowCredentials: 'flag',
    allowMethods: 'text[]',
    allowHeaders: 'text[]',
    exposeHeaders: 'text[]',
    maxAge: 'number',
  },
  RetryPolicy: { attempts: 'number', codes: 'number[]', conditions: 'text[]', methods: 'text[]', backoffMs: 'number' },
  SessionPersistence: {
    sessionName: 'text',
    type: 'text',
    absoluteTimeoutMs: 'number',
    idleTimeoutMs: 'number',
    permanentCookie: 'flag',
  },
  CircuitBreaker: {
    policy: 'text',
    maxRequests: 'number',
    maxPendingRequests: 'number',
    pendingTimeoutMs: 'number',
    consecutiveFailures: 'number',
    openMs: 'number',
    honourRetryAfter: 'flag',
  },
  Fault: {
    policy: 'text',
    perMillion: 'number',
    exact: 'flag',
    seed: 'number',
    headers: 'ValueMatch[]',
    untilMs: 'text',
    delayMs: 'number',
    abortStatus: 'number',
    abortGrpcStatus: 'number',
    reset: 'flag',
    throttleBytesPerSecond: 'number',
    truncateBodyBytes: 'number',
  },
  BackendPolicy: {
    policy: 'text',
    balancer: 'Balancer',
    connections: 'ConnectionLimits',
    outlierDetection: 'OutlierDetection',
    slowStartMs: 'number',
    locality: 'LocalityPolicy',
    retryBudget: 'RetryBudget',
    hedging: 'Hedging',
  },
  Balancer: { type: 'text', hashOn: 'HashSource[]', ringSize: 'number' },
  HashSource: { header: 'text', cookie: 'text', sourceAddress: 'flag', queryParam: 'text' },
  ConnectionLimits: {
    maxConnectionsPerEndpoint: 'number',
    maxRequestsPerEndpoint: 'number',
    maxPendingRequests: 'number',
    connectTimeoutMs: 'number',
    maxRequestsPerConnection: 'number',
  },
  OutlierDetection: {
    consecutiveFailures: 'number',
    successRateStdevThousandths: 'number',
    successRateMinimumRequests: 'number',
    intervalMs: 'number',
    baseEjectionMs: 'number',
    maxEjectionMs: 'number',
    maxEjectionPercent: 'number',
  },
  LocalityPolicy: { mode: 'text', failoverBelowPercent: 'number', panicBelowPercent: 'number' },
  RetryBudget: { percent: 'number', intervalMs: 'number', minRetriesPerSecondThousandths: 'number' },
  Hedging: { afterMs: 'number', maxAttempts: 'number' },
} as const

/** Told of a problem: path of the field, and what is wrong with it. */
type ReportProblem = (path: string, text: string) => void

/** How {@link checkAttached} reports. */
export interface CheckOptions {
  readonly report: ReportProblem
  /** `ignored`: whoever wrote it may know more. */
  readonly unknownFields: 'refused' | 'ignored'
}

/** As much as a message can hold. */
const MAX_UINT32 = 2 ** 32 - 1

type MessageName = keyof typeof ATTACHED_FIELDS

/**
 * Checks what is attached to a destination: that every field is known and has a value of its sort. What the values mean is for
 * whoever compiles them.
 *
 * @param path - of the destination
 */
export function checkAttached(value: object, path: string, options: CheckOptions): void {
  for (const name of Object.keys(ATTACHED_FIELDS.Attached)) {
    const part = (value as Readonly<Record<string, unknown>>)[name]
    if (part === undefined) continue
    const type = ATTACHED_FIELDS.Attached[name as keyof typeof ATTACHED_FIELDS.Attached]
    checkValue(part, type, { ...options, path: `${path}.${name}` })
  }
}

interface Place extends CheckOptions {
  readonly path: string
}

function checkValue(value: unknown, type: string, place: Place): void {
  const { path, report } = place
  if (type.endsWith('[]')) {
    if (!Array.isArray(value)) {
      report(path, 'expected a list')
      return
    }
    for (const [i, item] of value.entries()) checkValue(item, type.slice(0, -2), { ...place, path: `${path}[${i}]` })
    return
  }
  if (type in ATTACHED_FIELDS) {
    checkMessage(value, type as MessageName, place)
    return
  }
  const expected = { text: 'string', number: 'number', flag: 'boolean' }[type]
  const isWhole = type !== 'number' || isUint32(value)
  if (typeof value !== expected || !isWhole) report(path, `expected a ${type === 'number' ? 'whole number' : type}`)
}

function isUint32(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_UINT32
}

function checkMessage(value: unknown, message: MessageName, place: Place): void {
  const { path, report, unknownFields } = place
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    report(path, 'expected an object')
    return
  }
  const fields: Readonly<Record<string, string>> = ATTACHED_FIELDS[message]
  for (const [name, part] of Object.entries(value)) {
    const type = Object.hasOwn(fields, name) ? fields[name] : undefined
    const inner = { ...place, path: `${path}.${name}` }
    if (type !== undefined) checkValue(part, type, inner)
    else if (unknownFields === 'refused')
      report(inner.path, `unknown field; known are ${Object.keys(fields).join(', ')}`)
  }
}
