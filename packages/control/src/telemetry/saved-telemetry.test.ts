import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create } from '@bufbuild/protobuf'
import {
  BucketSchema,
  CertificateSchema,
  Direction,
  GrpcStatusCountSchema,
  ReportRequestSchema,
  SeriesSchema,
} from '@heddle/api/telemetry'
import { createLog } from '@heddle/base/log'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LEVELS } from './rolling-totals.ts'
import { restoreTelemetry } from './saved-telemetry.ts'
import type { Reporter } from './series-facts.ts'
import { TelemetryStore } from './telemetry-store.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heddle-telemetry-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

async function started(clock = new ManualClock(), present = ['web-0']) {
  const store = new TelemetryStore(clock)
  const ended = new AbortController()
  const lines: string[] = []
  const log = createLog((line) => lines.push(line), 'info')
  const path = join(dir, 'telemetry.json')
  const isPresent = ({ instance }: Reporter) => present.includes(instance)
  const file = await restoreTelemetry({ path, store, isPresent, clock, log, signal: ended.signal })
  const stop = async () => {
    ended.abort()
    await file.close()
  }
  return { clock, store, lines, path, stop }
}

const REPORT = create(ReportRequestSchema, {
  namespace: 'shop',
  workload: 'web',
  instance: 'web-0',
  epoch: 'e',
  sequence: 7n,
  intervalMs: 5_000,
  certificate: create(CertificateSchema, { serial: '4F', notAfterMs: 9n }),
  series: [
    create(SeriesSchema, {
      direction: Direction.INBOUND,
      security: 'mtls',
      requestsSuccess: 90n,
      requestsFailure: 10n,
      latency: [create(BucketSchema, { index: 7, count: 100n })],
      readBytes: 5_000_000_000n,
      grpcStatuses: [create(GrpcStatusCountSchema, { status: 13, count: 10n })],
    }),
  ],
})

test('what was counted before a restart is there after it, in every resolution', async () => {
  const before = await started()
  before.store.report(REPORT, 'id')
  await before.stop()
  const after = await started(before.clock)
  for (const { widthMs, slots } of LEVELS) {
    const windowMs = widthMs * (slots - 2)
    expect([...after.store.window(windowMs)]).toEqual([...before.store.window(windowMs)])
  }
  expect(after.store.reporter('shop', 'web-0')).toMatchObject({ certificate: { serial: '4F', notAfterMs: 9n } })
})

test('a file of the version before there were statuses of gRPC is taken over', async () => {
  const clock = new ManualClock()
  const slot = Math.floor(clock.nowMs() / 60_000)
  const reporter = { namespace: 'shop', workload: 'web', instance: 'web-0', identity: 'id' }
  const facts = { reporter, direction: 'inbound', service: '', port: 80, security: 'mtls', protocol: 'http1' }
  const file = { reporters: [], series: [{ facts, cells: [[], [[slot, 90, 10, 7, 0, 0, 0, 0, 0, 16, 100]], []] }] }
  await writeFile(join(dir, 'telemetry.json'), JSON.stringify(file))
  const { store } = await started(clock)
  const [series] = store.window(30 * 60_000)
  expect(series?.totals).toMatchObject({ success: 90, failure: 10, latency: [16, 100], grpc: [] })
})

test('a report that was counted before a restart is not counted again after it', async () => {
  const before = await started()
  before.store.report(REPORT, 'id')
  await before.stop()
  const after = await started(before.clock)
  expect(after.store.report(REPORT, 'id')).toBe('repeated')
})

test('it is saved each minute, for when there is no end in peace', async () => {
  const { clock, store, path, stop } = await started()
  store.report(REPORT, 'id')
  clock.advance(60_200)
  await expect.poll(() => readFile(path, 'utf8').catch(() => '')).toContain('web-0')
  await stop()
})

test('the counts of an instance that is not there any more are left out', async () => {
  const before = await started()
  before.store.report(REPORT, 'id')
  await before.stop()
  const after = await started(before.clock, ['web-1'])
  expect(after.store.seriesCount).toBe(0)
  expect(after.store.reporter('shop', 'web-0')).toBeUndefined()
})

test('what is too old by now is not taken over', async () => {
  const before = await started()
  before.store.report(REPORT, 'id')
  await before.stop()
  before.clock.advance(24 * 3_600_000)
  expect((await started(before.clock)).store.seriesCount).toBe(0)
})

test('of much only the coarse totals are saved, of too much none', () => {
  const clock = new ManualClock()
  const store = new TelemetryStore(clock)
  for (let at = 0n; at < 12n; at++) {
    store.report(create(ReportRequestSchema, { ...REPORT, sequence: at }), 'id')
    clock.advance(5_000)
  }
  expect(store.save(100).series[0]?.cells.map((cells) => cells.length)).toEqual([12, 1, 1])
  expect(store.save(10).series[0]?.cells.map((cells) => cells.length)).toEqual([0, 1, 1])
  expect(store.save(1)).toEqual({ reporters: [], series: [] })
})

test('a file of a later version is not taken for one of an earlier: what its numbers mean is not known', async () => {
  const clock = new ManualClock()
  const reporter = { namespace: 'shop', workload: 'web', instance: 'web-0', identity: 'id' }
  const cell = [Math.floor(clock.nowMs() / 60_000), 9, 0, 0, 0, 0, 0, 0, 0, 7, 0]
  const file = { format: 3, reporters: [], series: [{ facts: { reporter }, cells: [[], [cell], []] }] }
  await writeFile(join(dir, 'telemetry.json'), JSON.stringify(file))
  const { store, lines } = await started(clock)
  expect(store.seriesCount).toBe(0)
  expect(lines.join('')).toContain('a later version of Heddle wrote it (its format is 3, this version reads 2)')
})

test.each([
  '',
  '{',
  'null',
  '{"reporters":[{}],"series":[]}',
  '{"reporters":[],"series":[{"facts":{},"cells":[[[1,"x"]]]}]}',
])('a file of %j is reported and not believed', async (text) => {
  await writeFile(join(dir, 'telemetry.json'), text)
  const { store, lines } = await started()
  expect(store.seriesCount).toBe(0)
  expect(lines.join('')).toContain('not readable')
})
