import type { RetryPolicyJson } from '@heddle/api/discovery/route'
import { GRPC_STATUS } from '@heddle/api/grpc-status'
import type { TryFacts, TryOutcome } from './may-retry.ts'

/** When a rule's requests are tried again. */
export interface RetryPolicy {
  /** Tries beyond the first. */
  readonly attempts: number
  /** HTTP statuses. */
  readonly codes: ReadonlySet<number>
  readonly conditions: ReadonlySet<RetryCondition>
  /** gRPC statuses, of those conditions that name one. */
  readonly grpcCodes: ReadonlySet<number>
  /** Methods that may be sent twice beside the idempotent ones; "*": all. */
  readonly methods: ReadonlySet<string>
  readonly backoffMs: number
}

/** Words of `retry.conditions` that are not statuses of gRPC. */
export type RetryCondition = '5xx' | 'gateway-error' | 'connect-failure' | 'reset-before-answer' | 'retriable-4xx'

/** Words of `retry.conditions` that are. */
export const GRPC_CONDITIONS: ReadonlyMap<string, number> = new Map([
  ['cancelled', GRPC_STATUS.CANCELLED],
  ['deadline-exceeded', GRPC_STATUS.DEADLINE_EXCEEDED],
  ['resource-exhausted', GRPC_STATUS.RESOURCE_EXHAUSTED],
  ['internal', GRPC_STATUS.INTERNAL],
  ['unavailable', GRPC_STATUS.UNAVAILABLE],
])

/** Safe to send twice, whatever became of the first. RFC 9110 §9.2.2. */
export const IDEMPOTENT_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])

const CONDITIONS: ReadonlySet<string> = new Set<RetryCondition>([
  '5xx',
  'gateway-error',
  'connect-failure',
  'reset-before-answer',
  'retriable-4xx',
])
const DEFAULT_BACKOFF_MS = 25
/** Conflict: the client itself would try again. RFC 9110 §15.5.10. */
const RETRIABLE_4XX = 409
const GATEWAY_ERRORS: ReadonlySet<number> = new Set([502, 503, 504])
/** What a status of HTTP means to gRPC where the answer has none of its own; only those that say to try again. */
const GRPC_UNAVAILABLE_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504])

/** Made once per change of the routes. Words that are not known are left out: the control plane refuses them. */
export function compileRetryPolicy(policy: RetryPolicyJson): RetryPolicy {
  const words = policy.conditions ?? []
  return {
    attempts: policy.attempts ?? 0,
    codes: new Set(policy.codes),
    conditions: new Set(words.filter(isCondition)),
    grpcCodes: new Set(words.flatMap((word) => GRPC_CONDITIONS.get(word) ?? [])),
    methods: new Set(policy.methods),
    backoffMs: policy.backoffMs || DEFAULT_BACKOFF_MS,
  }
}

/** What in `facts` the policy wants to be tried again, in words; `undefined`: nothing. */
export function whyRetriable(policy: RetryPolicy, { outcome, isGrpc }: TryFacts): string | undefined {
  const { codes, grpcCodes } = policy
  if (isGrpc && grpcCodes.size > 0) {
    const grpcStatus = grpcStatusOf(outcome)
    if (grpcStatus !== undefined && grpcCodes.has(grpcStatus)) return `${describe(outcome)}, gRPC status ${grpcStatus}`
  }
  if (codes.has(outcome.status)) return `${describe(outcome)}, status ${outcome.status}`
  const condition = conditionOf(policy, outcome)
  return condition === undefined ? undefined : `${describe(outcome)} (${condition})`
}

/** Whether the request may be sent twice. Whoever names a status of gRPC says so of all calls of the rule. */
export function isDeclared({ methods, grpcCodes }: RetryPolicy, { method, isGrpc }: TryFacts): boolean {
  if (IDEMPOTENT_METHODS.has(method) || methods.has(method) || methods.has('*')) return true
  return isGrpc && grpcCodes.size > 0
}

/** A try without an answer is what the proxy would answer 502, 503 or 504 for. */
function conditionOf({ conditions }: RetryPolicy, { kind, status }: TryOutcome): RetryCondition | undefined {
  if (conditions.has('connect-failure') && kind === 'not-sent') return 'connect-failure'
  if (conditions.has('reset-before-answer') && kind !== 'answer') return 'reset-before-answer'
  if (conditions.has('gateway-error') && (kind !== 'answer' || GATEWAY_ERRORS.has(status))) return 'gateway-error'
  if (conditions.has('5xx') && (kind !== 'answer' || status >= 500)) return '5xx'
  if (conditions.has('retriable-4xx') && kind === 'answer' && status === RETRIABLE_4XX) return 'retriable-4xx'
  return undefined
}

function grpcStatusOf(outcome: TryOutcome): number | undefined {
  if (outcome.kind === 'timeout') return GRPC_STATUS.DEADLINE_EXCEEDED
  if (outcome.kind !== 'answer') return GRPC_STATUS.UNAVAILABLE
  return outcome.grpcStatus ?? (GRPC_UNAVAILABLE_STATUSES.has(outcome.status) ? GRPC_STATUS.UNAVAILABLE : undefined)
}

function describe({ kind }: TryOutcome): string {
  switch (kind) {
    case 'answer':
      return 'the endpoint answered'
    case 'not-sent':
      return 'nothing was sent'
    case 'reset':
      return 'it broke off before an answer'
    case 'timeout':
      return 'the time for one try was over'
  }
}

function isCondition(word: string): word is RetryCondition {
  return CONDITIONS.has(word)
}
