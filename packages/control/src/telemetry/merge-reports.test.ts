import { create } from '@bufbuild/protobuf'
import { Direction, ReportRequestSchema } from '@heddle/api/telemetry'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import { mergeReports } from './merge-reports.ts'
import { fromReporterTraffic, toReporterTraffic } from './report-message.ts'
import { TelemetryStore } from './telemetry-store.ts'

const WINDOW_MS = 60_000
const WEB = 'spiffe://heddle.local/ns/shop/sa/web'

interface Counted {
  readonly requests: bigint
  readonly open?: bigint
  readonly instance?: string
  readonly intervalMs?: number
}

/** Stores of replicas, with one clock. */
function world(replicas = 2) {
  const clock = new ManualClock()
  const stores = Array.from({ length: replicas }, () => new TelemetryStore(clock))
  let sequence = 0n
  const report = (replica: number, { requests, open = 0n, instance = 'web-0', intervalMs = 2_000 }: Counted) => {
    sequence += 1n
    const counts = {
      requestsSuccess: requests,
      requestsFailure: 1n,
      latency: [{ index: 7, count: requests }],
      latencySumUs: 70n,
      grpcStatuses: [{ status: 14, count: 1n }],
      connectionsOpened: 3n,
      connectionsClosed: 2n,
      connectionsOpen: open,
      readBytes: 5n,
      writtenBytes: 6n,
    }
    const peer = { peerNamespace: 'shop', peerWorkload: 'cart', peerInstance: 'cart-0', peerIdentity: WEB }
    const series = { direction: Direction.OUTBOUND, service: 'cart', serviceNamespace: 'shop', port: 80 }
    const about = { namespace: 'shop', workload: 'web', instance, epoch: 'e', sequence, intervalMs }
    const all = [{ ...series, ...peer, ...counts, security: 'mtls', protocol: 'http2' }]
    stores[replica]!.report(create(ReportRequestSchema, { ...about, series: all }), WEB)
  }
  const merged = () =>
    mergeReports(
      stores.map((store) => store.reports(WINDOW_MS)),
      { windowMs: WINDOW_MS, nowMs: clock.nowMs() },
    )
  return { clock, stores, report, merged }
}

describe('mergeReports()', () => {
  test('of one replica says what its store says', () => {
    const { clock, stores, report, merged } = world(1)
    report(0, { requests: 10n, open: 2n })
    report(0, { requests: 5n, open: 1n, instance: 'web-1' })
    clock.advance(30_000)
    report(0, { requests: 1n })
    expect(merged()).toEqual([...stores[0]!.window(WINDOW_MS)])
  })

  test('adds the times of a proxy that changed replicas, so that its rate stays right', () => {
    const { clock, report, merged } = world()
    report(0, { requests: 20n, open: 4n })
    clock.advance(2_000)
    report(1, { requests: 20n, open: 1n })
    const series = merged()
    const requests = series.reduce((sum, { totals }) => sum + totals.success, 0)
    expect([requests, ...series.map(({ spanMs }) => spanMs)]).toEqual([40, 4_000, 4_000])
  })

  test('takes the open connections of the newest report', () => {
    const { clock, report, merged } = world()
    report(0, { requests: 1n, open: 4n })
    clock.advance(2_000)
    report(1, { requests: 1n, open: 1n })
    expect(merged().map(({ openConnections }) => openConnections)).toEqual([0, 1])
  })

  test('does not take a proxy for silent that reports elsewhere', () => {
    const { clock, report, merged } = world()
    report(0, { requests: 10n })
    for (let at = 0; at < 15; at++) {
      clock.advance(2_000)
      report(1, { requests: 10n })
    }
    // 32 s by its own word, not the window's 60.
    expect(new Set(merged().map(({ spanMs }) => spanMs))).toEqual(new Set([32_000]))
  })
})

test('what one replica tells another is what it knows', () => {
  const { stores, report } = world(1)
  report(0, { requests: 10n, open: 2n })
  report(0, { requests: 3n, instance: 'web-1' })
  const reports = stores[0]!.reports(WINDOW_MS)
  expect(reports.map(toReporterTraffic).map(fromReporterTraffic)).toEqual(reports)
})
