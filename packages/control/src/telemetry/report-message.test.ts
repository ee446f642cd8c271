import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { ResourceKind, StatRequestSchema, StatResponseSchema } from '@heddle/api/admin'
import { ReporterTrafficSchema } from '@heddle/api/replica'
import { Direction, ReportRequestSchema } from '@heddle/api/telemetry'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { statRows } from '../admin/stat-rows.ts'
import { createModel } from '../model/model.ts'
import { fromReporterTraffic, toReporterTraffic } from './report-message.ts'
import { TelemetryStore } from './telemetry-store.ts'

const MOST = 2n ** 64n - 1n

function storeOfHugeCounts(clock: ManualClock): TelemetryStore {
  const store = new TelemetryStore(clock)
  for (const sequence of [1n, 2n]) {
    const counts = {
      requestsSuccess: MOST,
      requestsFailure: MOST,
      latencySumUs: MOST,
      connectionsOpened: MOST,
      connectionsClosed: MOST,
      connectionsOpen: MOST,
      readBytes: MOST,
      writtenBytes: MOST,
      latency: [{ index: 3, count: MOST }],
      grpcStatuses: [{ status: 0, count: MOST }],
    }
    const series = [{ direction: Direction.INBOUND, security: 'mtls', protocol: 'http1', ...counts }]
    const who = { namespace: 'shop', workload: 'web', instance: 'web-0', epoch: 'e', sequence, intervalMs: 10_000 }
    store.report(create(ReportRequestSchema, { ...who, series }), 'spiffe://heddle.local/ns/shop/sa/web')
  }
  return store
}

test('counts that add up to more than a message can hold are told as the most that it can', () => {
  const [report] = storeOfHugeCounts(new ManualClock()).reports(60_000)
  const told = fromBinary(ReporterTrafficSchema, toBinary(ReporterTrafficSchema, toReporterTraffic(report!)))
  const [series] = fromReporterTraffic(told).series
  expect(series?.totals.success).toBeGreaterThan(1.8e19)
  expect(series?.totals.grpc).toEqual([0, series?.totals.success])
})

test('a row of stat holds them as well', async () => {
  const clock = new ManualClock()
  const store = storeOfHugeCounts(clock)
  const model = createModel({ clock, signal: AbortSignal.abort() })
  const request = create(StatRequestSchema, { resource: { kind: ResourceKind.DEPLOYMENT }, windowMs: 60_000 })
  const rows = await statRows(request, { model, window: async (windowMs) => store.window(windowMs) })
  const told = fromBinary(StatResponseSchema, toBinary(StatResponseSchema, create(StatResponseSchema, { rows })))
  expect(told.rows).toMatchObject([{ name: 'web', tcpConnections: 2 ** 32 - 1 }])
  expect(told.rows[0]?.requestsSuccess).toBeGreaterThan(10n ** 19n)
})
