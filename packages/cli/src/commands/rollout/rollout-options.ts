import type { ObjectRef } from '@heddle/api/kinds/meta'
import { parseDurationMs } from '@heddle/base/duration'
import { InvalidArgumentError } from 'commander'
import { CliError } from '../../cli-error.ts'
import { parseAuthority } from '../endpoints.ts'
import { parseObjectChoices } from '../objects/object-argument.ts'
import type { LatencyLimit } from './judge-step.ts'
import type { BackendName } from './weighted-route.ts'

const MAX_STEPS = 20
const SHORTEST_INTERVAL_MS = 10_000
const LONGEST_INTERVAL_MS = 3_600_000

/** `5,25,50,100`: percent, ascending. */
export function readSteps(text: string): readonly number[] {
  const steps = text.split(',').map(Number)
  const isRising = steps.every((step, at) => Number.isInteger(step) && step > (steps[at - 1] ?? 0) && step <= 100)
  if (isRising && steps.length <= MAX_STEPS) return steps
  throw new InvalidArgumentError('Expected whole percents that rise, such as 5,25,50,100.')
}

/** Percent, as a share. */
export function readSuccessRate(text: string): number {
  const percent = Number(text.replace(/ ?%$/, ''))
  if (text !== '' && percent >= 0 && percent <= 100) return percent / 100
  throw new InvalidArgumentError('Expected a percentage from 0 to 100.')
}

/** `p99=200ms`, again for another quantile. */
export function readLatencyLimit(text: string, others: readonly LatencyLimit[] = []): readonly LatencyLimit[] {
  const [, quantile, duration] = /^(p50|p95|p99)=(.+)$/.exec(text) ?? []
  const limitMs = parseDurationMs(duration ?? '')
  if (quantile === undefined || !limitMs)
    throw new InvalidArgumentError('Expected p50, p95 or p99 with a duration: p99=200ms.')
  return [...others, { quantile: quantile as LatencyLimit['quantile'], limitUs: limitMs * 1000 }]
}

/** Reads 10s to 1h as ms. */
export function readIntervalMs(text: string): number {
  const intervalMs = parseDurationMs(text)
  if (intervalMs !== undefined && intervalMs >= SHORTEST_INTERVAL_MS && intervalMs <= LONGEST_INTERVAL_MS)
    return intervalMs
  throw new InvalidArgumentError('Expected a duration from 10s to 1h: proxies report every few seconds.')
}

/** Reads a count from 1 to a million. */
export function readMinRequests(text: string): number {
  const requests = Number(text)
  if (Number.isInteger(requests) && requests >= 1 && requests <= 1_000_000) return requests
  throw new InvalidArgumentError('Expected a whole number from 1.')
}

/**
 * `NAME`, `httproute/NAME` or `grpcroute/NAME`.
 *
 * @throws {CliError}
 */
export function parseRoute(word: string, namespace: string): ObjectRef {
  if (!word.includes('/')) return { kind: 'HTTPRoute', namespace, name: word }
  const [choice] = parseObjectChoices([word])
  const { kind, names: [name = ''] = [] } = choice ?? {}
  if (name !== '' && (kind?.kind === 'HTTPRoute' || kind?.kind === 'GRPCRoute'))
    return { kind: kind.kind, namespace, name }
  throw new CliError(`"${word}": expected the name of an HTTPRoute, httproute/NAME or grpcroute/NAME`)
}

/** `NAME`, `svc/NAME` or `NAME.NAMESPACE`. */
export function parseBackend(word: string, namespace: string): BackendName {
  const { service, namespace: place } = parseAuthority(word.replace(/^(svc|service)\//, ''), namespace)
  return { name: service, namespace: place }
}
