import { LatencyHistogram } from '@heddle/telemetry/latency-histogram'
import { isInScope, peerOf, type ResourceName, type ResourceScope, reporterOf } from './resource-scope.ts'
import type { SeriesFacts } from './series-facts.ts'
import type { SeriesWindow } from './series-window.ts'
import { addTotals, createTotals, type Totals } from './totals.ts'

/** Whose traffic is asked for, and between whom. */
export interface StatQuestion {
  readonly resource: ResourceScope
  /** Only traffic from the resource to this; measured by the resource. */
  readonly to?: ResourceScope | undefined
  /** Only traffic from this to the resource; measured by this. */
  readonly from?: ResourceScope | undefined
}

/** Traffic of one resource. */
export interface ResourceTraffic {
  readonly resource: ResourceName
  readonly totals: Totals
  readonly openConnections: number
  readonly requestsPerSecond: number
  readonly readBytesPerSecond: number
  readonly writtenBytesPerSecond: number
  /** In µs; `undefined` when there was no request. */
  quantileUs(quantile: number): number | undefined
}

/**
 * Adds up the series that answer a question, per resource. Without `to` and `from` a workload's own proxy is believed
 * for what came in, and for Services the proxies of its clients.
 */
export function sumTraffic(question: StatQuestion, series: Iterable<SeriesWindow>): ResourceTraffic[] {
  const sums = new Map<string, TrafficSum>()
  for (const one of series) {
    // What kubelets ask says nothing of what clients get.
    if (one.facts.security === 'probe') continue
    const resource = resourceOf(question, one.facts)
    if (resource === undefined) continue
    const key = `${resource.namespace}/${resource.name}`
    const sum = sums.get(key) ?? new TrafficSum(resource)
    sums.set(key, sum)
    sum.add(one)
  }
  return [...sums.values()]
}

/** The resource whose row a series counts in; `undefined`: in none. */
function resourceOf({ resource, to, from }: StatQuestion, facts: SeriesFacts): ResourceName | undefined {
  const isInbound = facts.direction === 'inbound'
  if (to !== undefined) {
    return isInbound || !isBetween(facts, { from: resource, to }) ? undefined : reporterOf(resource.kind, facts)
  }
  if (from !== undefined) {
    return isInbound || !isBetween(facts, { from, to: resource }) ? undefined : peerOf(resource.kind, facts)
  }
  if (isInbound === (resource.kind === 'service')) return undefined
  const own = isInbound ? reporterOf(resource.kind, facts) : peerOf(resource.kind, facts)
  return own !== undefined && isInScope(resource, own) ? own : undefined
}

function isBetween(facts: SeriesFacts, { from, to }: { from: ResourceScope; to: ResourceScope }): boolean {
  const source = reporterOf(from.kind, facts)
  const target = peerOf(to.kind, facts)
  return source !== undefined && target !== undefined && isInScope(from, source) && isInScope(to, target)
}

class TrafficSum implements ResourceTraffic {
  readonly resource: ResourceName
  readonly totals: Totals = createTotals()
  openConnections = 0
  requestsPerSecond = 0
  readBytesPerSecond = 0
  writtenBytesPerSecond = 0
  #histogram: LatencyHistogram | undefined

  constructor(resource: ResourceName) {
    this.resource = resource
  }

  add({ totals, openConnections, spanMs }: SeriesWindow): void {
    addTotals(this.totals, totals)
    this.openConnections += openConnections
    this.requestsPerSecond += ((totals.success + totals.failure) * 1000) / spanMs
    this.readBytesPerSecond += (totals.readBytes * 1000) / spanMs
    this.writtenBytesPerSecond += (totals.writtenBytes * 1000) / spanMs
  }

  quantileUs(quantile: number): number | undefined {
    this.#histogram ??= toHistogram(this.totals)
    return this.#histogram.quantileUs(quantile)
  }
}

function toHistogram({ latency, latencySumUs }: Totals): LatencyHistogram {
  const buckets = []
  for (let at = 0; at < latency.length; at += 2) buckets.push({ index: latency[at]!, count: latency[at + 1]! })
  const histogram = new LatencyHistogram()
  histogram.addBuckets(buckets, latencySumUs)
  return histogram
}
