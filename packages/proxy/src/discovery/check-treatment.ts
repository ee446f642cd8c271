import type { ServiceJson } from '@heddle/api/discovery'

/** What a value must be. What a shape does not name may be anything: a newer control plane may know more. */
type Shape = 'number' | 'numbers' | 'text' | 'texts' | 'flag' | ReadonlySet<string> | ListOf | Fields

interface ListOf {
  readonly each: Fields
}

interface Fields {
  readonly [name: string]: Shape
}

const CIRCUIT_BREAKER: Fields = {
  policy: 'text',
  maxRequests: 'number',
  maxPendingRequests: 'number',
  pendingTimeoutMs: 'number',
  consecutiveFailures: 'number',
  openMs: 'number',
  honourRetryAfter: 'flag',
}
const FAULT: Fields = {
  policy: 'text',
  perMillion: 'number',
  seed: 'number',
  delayMs: 'number',
  abortStatus: 'number',
  abortGrpcStatus: 'number',
  throttleBytesPerSecond: 'number',
  truncateBodyBytes: 'number',
}
const RULE: Fields = {
  backends: { each: { key: 'text', weight: 'number', unresolved: 'text' } },
  requestTimeoutMs: 'number',
  backendRequestTimeoutMs: 'number',
  retry: { attempts: 'number', codes: 'numbers', conditions: 'texts', methods: 'texts', backoffMs: 'number' },
  sessionPersistence: { sessionName: 'text', absoluteTimeoutMs: 'number', idleTimeoutMs: 'number' },
  circuitBreaker: CIRCUIT_BREAKER,
  faults: { each: FAULT },
}
const POLICY: Fields = {
  policy: 'text',
  balancer: {
    type: new Set([
      'BALANCER_TYPE_UNSPECIFIED',
      'BALANCER_TYPE_PEAK_EWMA',
      'BALANCER_TYPE_LEAST_REQUEST',
      'BALANCER_TYPE_ROUND_ROBIN',
      'BALANCER_TYPE_RANDOM',
      'BALANCER_TYPE_RING_HASH',
      'BALANCER_TYPE_MAGLEV',
    ]),
    hashOn: { each: { header: 'text', cookie: 'text', queryParam: 'text', sourceAddress: 'flag' } },
    ringSize: 'number',
  },
  connections: {
    maxConnectionsPerEndpoint: 'number',
    maxRequestsPerEndpoint: 'number',
    maxPendingRequests: 'number',
    connectTimeoutMs: 'number',
    maxRequestsPerConnection: 'number',
  },
  outlierDetection: {
    consecutiveFailures: 'number',
    successRateStdevThousandths: 'number',
    successRateMinimumRequests: 'number',
    intervalMs: 'number',
    baseEjectionMs: 'number',
    maxEjectionMs: 'number',
    maxEjectionPercent: 'number',
  },
  slowStartMs: 'number',
  locality: { failoverBelowPercent: 'number', panicBelowPercent: 'number' },
  retryBudget: { percent: 'number', intervalMs: 'number', minRetriesPerSecondThousandths: 'number' },
  hedging: { afterMs: 'number', maxAttempts: 'number' },
}
const SERVICE: Fields = {
  port: 'number',
  routes: { each: { rules: { each: RULE } } },
  policy: POLICY,
  faults: { each: FAULT },
  circuitBreaker: CIRCUIT_BREAKER,
}
const MAX_UINT32 = 2 ** 32 - 1

/**
 * Makes sure of what is only looked at once a request needs it: numbers, words and lists are such as the messages of the control
 * plane can hold. So nothing fails then that could have been refused now.
 *
 * @throws {RangeError} naming the field
 */
export function checkTreatment(service: ServiceJson): void {
  check(service, SERVICE, 'service')
}

function check(value: unknown, shape: Shape, path: string): void {
  if (value === undefined) return
  if (typeof shape !== 'object') checkPlain(value, shape, path)
  else if (isWords(shape)) {
    if (typeof value !== 'string' || !shape.has(value)) refuse(value, path, 'a word that this proxy knows')
  } else if (isList(shape)) checkAll(value, shape.each, path)
  else {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(value, path, 'an object')
    const fields = value as Readonly<Record<string, unknown>>
    for (const name of Object.keys(shape))
      if (Object.hasOwn(fields, name)) check(fields[name], shape[name]!, `${path}.${name}`)
  }
}

function checkAll(value: unknown, each: Shape, path: string): void {
  if (!Array.isArray(value)) refuse(value, path, 'a list')
  for (const [index, item] of value.entries()) check(item ?? null, each, `${path}[${index}]`)
}

function checkPlain(value: unknown, shape: Shape & string, path: string): void {
  if (shape === 'numbers') checkAll(value, 'number', path)
  else if (shape === 'texts') checkAll(value, 'text', path)
  else if (shape === 'text') {
    if (typeof value !== 'string') refuse(value, path, 'a text')
  } else if (shape === 'flag') {
    if (typeof value !== 'boolean') refuse(value, path, 'true or false')
  } else if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > MAX_UINT32) {
    refuse(value, path, `a whole number from 0 to ${MAX_UINT32}`)
  }
}

function refuse(value: unknown, path: string, expected: string): never {
  throw new RangeError(`${path}: ${(JSON.stringify(value) ?? 'nothing').slice(0, 100)} is not ${expected}`)
}

function isWords(shape: ReadonlySet<string> | ListOf | Fields): shape is ReadonlySet<string> {
  return shape instanceof Set
}

function isList(shape: ListOf | Fields): shape is ListOf {
  return Object.hasOwn(shape, 'each')
}
