import { create } from '@bufbuild/protobuf'
import {
  type CircuitBreaker,
  CircuitBreakerSchema,
  type RetryPolicy,
  RetryPolicySchema,
  type SessionPersistence,
  SessionPersistenceSchema,
  SessionType,
} from '@heddle/api/discovery/route'
import type { HttpRouteRetry, HttpRouteTimeouts } from '@heddle/api/kinds/http-route'
import type * as Kind from '@heddle/api/kinds/session-persistence'
import type { TrafficPolicy } from '@heddle/api/kinds/traffic-policy'
import { toMs } from './duration.ts'
import { nameOf } from './in-force.ts'

/** Tries beyond the first where a retry is asked for without a number. */
const DEFAULT_ATTEMPTS = 1
/** What is tried again where a retry does not say: failures before the service has seen the whole request (GEP-1731). */
const DEFAULT_CONDITIONS = ['connect-failure', 'reset-before-answer'] as const

/** What a rule of a route says itself. */
export interface RuleSettings {
  readonly timeouts?: HttpRouteTimeouts
  readonly retry?: HttpRouteRetry
}

/** What a rule says, completed by the policies, of which the first that says something counts. */
export function translateSettings({ timeouts = {}, retry }: RuleSettings, policies: readonly TrafficPolicy[]) {
  const said = [timeouts, ...policies.map(({ spec }) => spec.timeouts)]
  const retryPolicy = toRetry(retry, policies)
  return {
    requestTimeoutMs: toMs(said.find(({ request }) => request !== undefined)?.request),
    backendRequestTimeoutMs: toMs(said.find(({ backendRequest }) => backendRequest !== undefined)?.backendRequest),
    ...(retryPolicy && { retry: retryPolicy }),
  }
}

function toRetry(retry: HttpRouteRetry | undefined, policies: readonly TrafficPolicy[]): RetryPolicy | undefined {
  const more = policies.find(({ spec }) => spec.retry !== undefined)?.spec.retry
  if (retry === undefined && more === undefined) return undefined
  const codes = retry !== undefined && retry.codes.length > 0 ? retry.codes : (more?.codes ?? [])
  return create(RetryPolicySchema, {
    attempts: retry?.attempts ?? more?.attempts ?? DEFAULT_ATTEMPTS,
    codes: [...codes],
    conditions: [...(more?.conditions ?? DEFAULT_CONDITIONS)],
    methods: [...(more?.methods ?? [])],
    backoffMs: toMs(retry?.backoff ?? more?.backoff),
  })
}

/** The circuit breaker that the policies for one place ask for, the first of them that does. */
export function translateCircuitBreaker(policies: readonly TrafficPolicy[]): CircuitBreaker | undefined {
  const policy = policies.find(({ spec }) => spec.circuitBreaker !== undefined || spec.honourRetryAfter)
  if (policy === undefined) return undefined
  const { circuitBreaker, honourRetryAfter } = policy.spec
  return create(CircuitBreakerSchema, {
    policy: nameOf(policy),
    honourRetryAfter,
    ...(circuitBreaker && {
      maxRequests: circuitBreaker.maxRequests,
      maxPendingRequests: circuitBreaker.maxPendingRequests,
      pendingTimeoutMs: toMs(circuitBreaker.pendingTimeout),
      consecutiveFailures: circuitBreaker.consecutiveFailures,
      openMs: toMs(circuitBreaker.open),
    }),
  })
}

/** Durations become ms, 0 where there is none; the name of a header is put in lower case, as HTTP/2 has it. */
export function translateSessionPersistence(session: Kind.SessionPersistence): SessionPersistence {
  const { sessionName, type, absoluteTimeout, idleTimeout, cookieConfig } = session
  return create(SessionPersistenceSchema, {
    sessionName: type === 'Header' ? sessionName.toLowerCase() : sessionName,
    type: type === 'Header' ? SessionType.HEADER : SessionType.COOKIE,
    absoluteTimeoutMs: toMs(absoluteTimeout),
    idleTimeoutMs: toMs(idleTimeout),
    permanentCookie: cookieConfig.lifetimeType === 'Permanent',
  })
}
