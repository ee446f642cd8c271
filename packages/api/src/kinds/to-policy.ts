import type { BackendPolicy, BackendPolicySpec } from './backend-policy.ts'
import type { Fault, FaultPolicy, FaultPolicySpec } from './fault-policy.ts'
import { type RawMeta, toMeta } from './to-meta.ts'
import { firstOfEachName } from './to-route.ts'
import type { TrafficPolicy, TrafficPolicySpec, TrafficRetry } from './traffic-policy.ts'

const API_VERSION = 'heddle.dev/v1alpha1'

type RawBackendSpec = Omit<BackendPolicySpec, 'balancer'> & {
  readonly balancer?: Partial<NonNullable<BackendPolicySpec['balancer']>> &
    Pick<NonNullable<BackendPolicySpec['balancer']>, 'type'>
}

/** @param valid - a manifest that its schema holds good, defaults filled in */
export function toBackendPolicy(valid: object): BackendPolicy {
  const { metadata, spec } = valid as { readonly metadata: RawMeta; readonly spec: RawBackendSpec }
  const { balancer, ...rest } = spec
  return {
    apiVersion: API_VERSION,
    kind: 'BackendPolicy',
    metadata: toMeta(metadata),
    spec: { ...rest, ...(balancer !== undefined && { balancer: { ...balancer, hashOn: balancer.hashOn ?? [] } }) },
  }
}

type RawFault = Omit<Fault, 'headers'> & Partial<Pick<Fault, 'headers'>>

/** @param valid - as of {@link toBackendPolicy}; of two headers of one name the first is kept */
export function toFaultPolicy(valid: object): FaultPolicy {
  const { metadata, spec } = valid as {
    readonly metadata: RawMeta
    readonly spec: Omit<FaultPolicySpec, 'faults'> & { readonly faults: readonly RawFault[] }
  }
  const faults = spec.faults.map((fault) => ({ ...fault, headers: firstOfEachName(fault.headers ?? []) }))
  return { apiVersion: API_VERSION, kind: 'FaultPolicy', metadata: toMeta(metadata), spec: { ...spec, faults } }
}

type RawRetry = Partial<TrafficRetry> & Pick<TrafficRetry, 'attempts' | 'conditions'>
type RawTrafficSpec = Pick<TrafficPolicySpec, 'targetRefs' | 'circuitBreaker'> &
  Partial<Pick<TrafficPolicySpec, 'timeouts' | 'honourRetryAfter'>> & { readonly retry?: RawRetry }

/** @param valid - as of {@link toBackendPolicy} */
export function toTrafficPolicy(valid: object): TrafficPolicy {
  const { metadata, spec } = valid as { readonly metadata: RawMeta; readonly spec: RawTrafficSpec }
  const { timeouts = {}, retry, honourRetryAfter = false, ...rest } = spec
  return {
    apiVersion: API_VERSION,
    kind: 'TrafficPolicy',
    metadata: toMeta(metadata),
    spec: { ...rest, timeouts, ...(retry !== undefined && { retry: toRetry(retry) }), honourRetryAfter },
  }
}

function toRetry({ codes = [], methods = [], ...rest }: RawRetry): TrafficRetry {
  return { ...rest, codes, methods }
}
