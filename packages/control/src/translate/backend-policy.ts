import { create, type MessageInitShape } from '@bufbuild/protobuf'
import {
  type BackendPolicy,
  BackendPolicySchema,
  type BalancerSchema,
  BalancerType,
  type ConnectionLimitsSchema,
  type HashSource,
  HashSourceSchema,
  LocalityMode,
  type OutlierDetectionSchema,
} from '@heddle/api/discovery/policy'
import type * as Kind from '@heddle/api/kinds/backend-policy'
import { toMs } from './duration.ts'
import { nameOf } from './in-force.ts'

const BALANCERS: Readonly<Record<Kind.Balancer['type'], BalancerType>> = {
  PeakEWMA: BalancerType.PEAK_EWMA,
  LeastRequest: BalancerType.LEAST_REQUEST,
  RoundRobin: BalancerType.ROUND_ROBIN,
  Random: BalancerType.RANDOM,
  RingHash: BalancerType.RING_HASH,
  Maglev: BalancerType.MAGLEV,
}

/** A BackendPolicy as proxies are told. Pure. */
export function translateBackendPolicy(policy: Kind.BackendPolicy): BackendPolicy {
  const { balancer, connections, outlierDetection, slowStart, locality, retryBudget, hedging } = policy.spec
  return create(BackendPolicySchema, {
    policy: nameOf(policy),
    slowStartMs: toMs(slowStart),
    ...(balancer && { balancer: toBalancer(balancer) }),
    ...(connections && { connections: toConnections(connections) }),
    ...(outlierDetection && { outlierDetection: toOutlierDetection(outlierDetection) }),
    ...(locality && {
      locality: {
        ...locality,
        mode: locality.mode === 'PreferClose' ? LocalityMode.PREFER_CLOSE : LocalityMode.UNSPECIFIED,
      },
    }),
    ...(retryBudget && { retryBudget: toRetryBudget(retryBudget) }),
    ...(hedging && { hedging: { afterMs: toMs(hedging.after), maxAttempts: hedging.maxAttempts } }),
  })
}

function toBalancer({ type, hashOn, ringSize = 0 }: Kind.Balancer): MessageInitShape<typeof BalancerSchema> {
  return { type: BALANCERS[type], hashOn: hashOn.map(toHashSource), ringSize }
}

function toHashSource({ header, cookie, queryParam }: Kind.HashSource): HashSource {
  if (header !== undefined) {
    return create(HashSourceSchema, { source: { case: 'header', value: header.toLowerCase() } })
  }
  if (cookie !== undefined) return create(HashSourceSchema, { source: { case: 'cookie', value: cookie } })
  if (queryParam !== undefined) return create(HashSourceSchema, { source: { case: 'queryParam', value: queryParam } })
  return create(HashSourceSchema, { source: { case: 'sourceAddress', value: true } })
}

function toConnections(limits: Kind.ConnectionLimits): MessageInitShape<typeof ConnectionLimitsSchema> {
  const { connectTimeout, ...counts } = limits
  return { ...counts, connectTimeoutMs: toMs(connectTimeout) }
}

function toOutlierDetection(detection: Kind.OutlierDetection): MessageInitShape<typeof OutlierDetectionSchema> {
  const { interval, baseEjection, maxEjection, ...counts } = detection
  return {
    ...counts,
    intervalMs: toMs(interval),
    baseEjectionMs: toMs(baseEjection),
    maxEjectionMs: toMs(maxEjection),
  }
}

function toRetryBudget({ percent, interval, minRetryRate }: Kind.RetryBudget) {
  const perSecond = minRetryRate.count / Math.max(toMs(minRetryRate.interval) / 1000, 0.001)
  return { percent, intervalMs: toMs(interval), minRetriesPerSecondThousandths: Math.round(perSecond * 1000) }
}
