import { create } from '@bufbuild/protobuf'
import { type ReporterTraffic, ReporterTrafficSchema } from '@heddle/api/replica'
import { Direction, type Series, SeriesSchema } from '@heddle/api/telemetry'
import { factsOf } from './series-facts.ts'
import type { CountedSeries, ReporterWindow } from './series-window.ts'
import { toCount } from './to-count.ts'
import { totalsOf } from './totals.ts'

/** What one reporter counted, for another replica. */
export function toReporterTraffic(report: ReporterWindow): ReporterTraffic {
  const { reporter, coveredMs, firstMs, lastReportMs, intervalMs, series } = report
  return create(ReporterTrafficSchema, {
    ...reporter,
    coveredMs: BigInt(Math.round(coveredMs)),
    firstMs: BigInt(Math.round(firstMs)),
    lastReportMs: BigInt(lastReportMs),
    intervalMs,
    series: series.map(toSeries),
  })
}

/** The inverse of {@link toReporterTraffic}. */
export function fromReporterTraffic(message: ReporterTraffic): ReporterWindow {
  const { namespace, workload, instance, identity, coveredMs, firstMs, lastReportMs, intervalMs } = message
  const reporter = { namespace, workload, instance, identity }
  const series = message.series.map((one) => {
    return { facts: factsOf(reporter, one), totals: totalsOf(one), openConnections: Number(one.connectionsOpen) }
  })
  const times = { coveredMs: Number(coveredMs), firstMs: Number(firstMs), lastReportMs: Number(lastReportMs) }
  return { reporter, ...times, intervalMs, series }
}

function toSeries({ facts, totals, openConnections }: CountedSeries): Series {
  const { reporter: _, direction, ...key } = facts
  return create(SeriesSchema, {
    ...key,
    direction: direction === 'outbound' ? Direction.OUTBOUND : Direction.INBOUND,
    requestsSuccess: toCount(totals.success),
    requestsFailure: toCount(totals.failure),
    latency: pairsOf(totals.latency).map(([index, count]) => ({ index, count: toCount(count) })),
    latencySumUs: toCount(totals.latencySumUs),
    connectionsOpened: toCount(totals.opened),
    connectionsClosed: toCount(totals.closed),
    connectionsOpen: toCount(openConnections),
    readBytes: toCount(totals.readBytes),
    writtenBytes: toCount(totals.writtenBytes),
    grpcStatuses: pairsOf(totals.grpc).map(([status, count]) => ({ status, count: toCount(count) })),
  })
}

function pairsOf(numbers: readonly number[]): [number, number][] {
  const pairs: [number, number][] = []
  for (let at = 0; at < numbers.length; at += 2) pairs.push([numbers[at]!, numbers[at + 1]!])
  return pairs
}
