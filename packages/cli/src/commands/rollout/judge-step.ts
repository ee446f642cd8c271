import type { StatRow } from '@heddle/api/admin'
import { formatDurationMs } from '@heddle/base/duration'
import { formatLatencyUs } from '../../output/latency.ts'

/** What the new backend has to hold. */
export interface Thresholds {
  /** How long each step is watched, in ms. */
  readonly intervalMs: number
  /** Least share of requests that succeed, 0 to 1. */
  readonly successRate: number
  readonly latencies: readonly LatencyLimit[]
  /** Fewer say nothing. */
  readonly minRequests: number
}

/** Most time that a share of the requests may take. */
export interface LatencyLimit {
  readonly quantile: 'p50' | 'p95' | 'p99'
  readonly limitUs: number
}

/** What is to be done, and why: one sentence. */
export interface Judgement {
  readonly kind: 'hold' | 'next' | 'back'
  readonly sentence: string
}

/** A step that gets no traffic is watched for so many intervals. */
const MAX_INTERVALS = 10

/** Judges a step by what clients saw of the new backend since it began. */
export function judgeStep(row: StatRow | undefined, elapsedMs: number, thresholds: Thresholds): Judgement {
  const { intervalMs, minRequests } = thresholds
  const requests = row === undefined ? 0 : Number(row.requestsSuccess + row.requestsFailure)
  if (row === undefined || requests < minRequests) {
    const sentence = `${requests} requests in ${formatDurationMs(roundSeconds(elapsedMs))}, and ${minRequests} are needed to judge`
    return { kind: elapsedMs >= intervalMs * MAX_INTERVALS ? 'back' : 'hold', sentence }
  }
  const seen = describe(row, requests)
  const fault = findFault(row, requests, thresholds)
  if (fault !== undefined) return { kind: 'back', sentence: `${fault}: ${seen}` }
  return { kind: elapsedMs >= intervalMs ? 'next' : 'hold', sentence: seen }
}

function findFault(row: StatRow, requests: number, { successRate, latencies }: Thresholds): string | undefined {
  if (Number(row.requestsSuccess) / requests < successRate) {
    return `success rate is below ${formatPercent(successRate)}`
  }
  const slow = latencies.find(({ quantile, limitUs }) => (latencyOf(row, quantile) ?? 0) > limitUs)
  return slow === undefined ? undefined : `${slow.quantile} is above ${formatLatencyUs(slow.limitUs)}`
}

function latencyOf(row: StatRow, quantile: LatencyLimit['quantile']): number | undefined {
  switch (quantile) {
    case 'p50':
      return row.latencyP50Us
    case 'p95':
      return row.latencyP95Us
    case 'p99':
      return row.latencyP99Us
  }
}

function describe(row: StatRow, requests: number): string {
  const p99 = row.latencyP99Us === undefined ? '' : `, p99 ${formatLatencyUs(row.latencyP99Us)}`
  return `${formatPercent(Number(row.requestsSuccess) / requests)} of ${requests} requests succeeded${p99}`
}

/** Rounded down, so that 100 % is said only when nothing failed. */
function formatPercent(share: number): string {
  return `${Math.floor(share * 10_000) / 100} %`
}

function roundSeconds(durationMs: number): number {
  return Math.round(durationMs / 1000) * 1000
}
