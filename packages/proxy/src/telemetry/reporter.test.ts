import type { ReportRequestJson } from '@heddle/api/telemetry'
import { createLog } from '@heddle/base/log'
import { Registry } from '@heddle/telemetry/registry'
import { TrafficTable } from '@heddle/telemetry/traffic'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { bugList } from '../../test/bug-list.ts'
import type { ControlClient } from '../control/control-client.ts'
import { ControlError, type ControlErrorCode } from '../control/control-error.ts'
import type { SeriesKey } from '../workload.ts'
import { Reporter } from './reporter.ts'

const KEY: SeriesKey = {
  direction: 'outbound',
  serviceNamespace: 'emojivote',
  service: 'voting-svc',
  port: 8080,
  peerNamespace: 'emojivote',
  peerWorkload: 'voting',
  peerInstance: 'voting-0',
  peerIdentity: '',
  security: 'mtls',
  protocol: 'http1',
}

/** Above this the control plane takes no report. */
const MOST_TAKEN_BYTES = 128 * 1024

function world() {
  const clock = new ManualClock()
  const traffic = new TrafficTable({ clock })
  const reports: ReportRequestJson[] = []
  const control = { answer: {} as object, failing: undefined as ControlErrorCode | undefined, bug: '' }
  const client: ControlClient = {
    call: (_rpc, request) => {
      if (control.failing !== undefined) return Promise.reject(new ControlError(control.failing, 'away'))
      if (control.bug !== '') return Promise.reject(new Error(control.bug))
      reports.push(structuredClone(request) as ReportRequestJson)
      return Promise.resolve(control.answer as never)
    },
    stream: () => Promise.reject(new Error('not asked for')),
    close: () => {},
  }
  const { bugs, onBug } = bugList()
  const reporter = new Reporter({
    control: client,
    traffic,
    source: { namespace: 'emojivote', workload: 'web', instance: 'web-0' },
    certificate: () => ({ identity: 'spiffe://heddle.local/ns/emojivote/sa/web', serial: '7' }),
    clock,
    log: createLog(() => {}, 'off'),
    registry: new Registry(),
    intervalMs: 2_000,
    onBug,
  })
  const abort = new AbortController()
  const running = reporter.run(abort.signal)
  const stop = async () => {
    abort.abort()
    await running
  }
  return { clock, traffic, reports, control, reporter, bugs, stop }
}

test('Reporter sends what was counted, and the certificate, every interval', async () => {
  const { clock, traffic, reports, stop } = world()
  traffic.series(KEY).requestEnded({ status: 200, grpcStatus: undefined, latencyUs: 1000, error: undefined })
  await clock.advanceAsync(2_000)
  traffic.series(KEY).requestEnded({ status: 200, grpcStatus: undefined, latencyUs: 1000, error: undefined })
  await clock.advanceAsync(2_000)
  await stop()
  expect(reports).toMatchObject([
    { sequence: '1', intervalMs: 2000, series: [{ requestsSuccess: '1' }], certificate: { serial: '7' } },
    { sequence: '2', intervalMs: 2000, series: [{ requestsSuccess: '1' }] },
  ])
  expect(reports[0]).toMatchObject({ namespace: 'emojivote', workload: 'web', instance: 'web-0' })
  expect(reports[1]!.epoch).toBe(reports[0]!.epoch)
})

test('Reporter repeats what was not delivered, unchanged, and loses nothing counted meanwhile', async () => {
  const { clock, traffic, reports, control, stop } = world()
  control.failing = 'unreachable'
  traffic.series(KEY).requestEnded({ status: 200, grpcStatus: undefined, latencyUs: 1000, error: undefined })
  await clock.advanceAsync(2_000)
  traffic.series(KEY).requestEnded({ status: 500, grpcStatus: undefined, latencyUs: 1000, error: undefined })
  await clock.advanceAsync(2_000)
  control.failing = undefined
  await clock.advanceAsync(2_000)
  await clock.advanceAsync(2_000)
  await stop()
  expect(reports).toMatchObject([
    { sequence: '1', intervalMs: 2000, series: [{ requestsSuccess: '1', requestsFailure: '0' }] },
    { sequence: '2', intervalMs: 6000, series: [{ requestsSuccess: '0', requestsFailure: '1' }] },
  ])
})

test('Reporter says every ten seconds that it is there, and else nothing when nothing happened', async () => {
  const { clock, reports, stop } = world()
  await clock.advanceAsync(20_000)
  await stop()
  expect(reports.map(({ sequence, series }) => [sequence, series?.length])).toEqual([
    ['1', 0],
    ['2', 0],
  ])
})

test.each([
  { name: 'forward by a year', byMs: 365 * 86_400_000 },
  { name: 'back by a day', byMs: -86_400_000 },
])('Reporter says for how long it counted, and that it is there, when the clock is set $name', async ({ byMs }) => {
  const { clock, traffic, reports, stop } = world()
  await clock.advanceAsync(2_000)
  clock.setWall(byMs)
  traffic.series(KEY).requestEnded({ status: 200, grpcStatus: undefined, latencyUs: 1000, error: undefined })
  await clock.advanceAsync(2_000)
  await clock.advanceAsync(10_000)
  await stop()
  expect(reports.map(({ intervalMs }) => intervalMs)).toEqual([2_000, 2_000, 10_000])
})

test('Reporter takes over the interval that the control plane wants', async () => {
  const { clock, traffic, reports, control, stop } = world()
  control.answer = { intervalMs: 5_000 }
  const series = traffic.series(KEY)
  series.connectionOpened()
  await clock.advanceAsync(12_000)
  await stop()
  expect(reports.map(({ intervalMs }) => intervalMs)).toEqual([2000, 5000, 5000])
})

test('Reporter splits what is too much for one message, and loses nothing', async () => {
  const { clock, traffic, reports, stop } = world()
  for (let port = 1; port <= 1_200; port++) traffic.series({ ...KEY, port }).connectionOpened()
  await clock.advanceAsync(2_000)
  await stop()
  expect(reports.length).toBeGreaterThan(1)
  for (const report of reports) expect(JSON.stringify(report).length).toBeLessThan(MOST_TAKEN_BYTES)
  expect(reports.map(({ sequence }) => Number(sequence))).toEqual(reports.map((_, at) => at + 1))
  const ports = reports.flatMap(({ series = [] }) => series.map(({ port }) => port))
  expect(ports).toEqual(Array.from({ length: 1_200 }, (_, at) => at + 1))
})

test('Reporter sends the largest series there can be in messages that are taken', async () => {
  const { clock, traffic, reports, stop } = world()
  for (let port = 1; port <= 3; port++) {
    const series = traffic.series({ ...KEY, port, peerInstance: 'x'.repeat(253), peerIdentity: 'y'.repeat(600) })
    for (let status = 100; status < 1_000; status++) {
      series.requestEnded({ status, grpcStatus: undefined, latencyUs: 1.03 ** status, error: undefined })
    }
  }
  await clock.advanceAsync(2_000)
  await stop()
  expect(reports).toHaveLength(3)
  for (const report of reports) expect(JSON.stringify(report).length).toBeLessThan(MOST_TAKEN_BYTES)
})

test.each([
  { code: 'invalid_argument', isGivenUp: true },
  { code: 'resource_exhausted', isGivenUp: true },
  { code: 'unavailable', isGivenUp: false },
  { code: 'unauthenticated', isGivenUp: false },
] as const)('Reporter gives up a report that is refused as $code: $isGivenUp', async ({ code, isGivenUp }) => {
  const { clock, traffic, reports, control, stop } = world()
  control.failing = code
  traffic.series(KEY).requestEnded({ status: 200, grpcStatus: undefined, latencyUs: 1000, error: undefined })
  await clock.advanceAsync(2_000)
  control.failing = undefined
  await clock.advanceAsync(10_000)
  await stop()
  expect(reports[0]!.sequence).toBe(isGivenUp ? '2' : '1')
})

test('Reporter that meets a bug tells of it, and reports at the next interval', async () => {
  const { clock, traffic, reports, bugs, stop } = world()
  const takeDelta = traffic.takeDelta.bind(traffic)
  traffic.takeDelta = () => {
    traffic.takeDelta = takeDelta
    throw new Error('a table with a bug')
  }
  traffic.series(KEY).requestEnded({ status: 200, grpcStatus: undefined, latencyUs: 1000, error: undefined })

  await clock.advanceAsync(2_000)
  expect(bugs).toEqual(['telemetry: a table with a bug'])
  expect(reports).toEqual([])
  await clock.advanceAsync(2_000)
  await stop()
  expect(reports).toMatchObject([{ series: [{ requestsSuccess: '1' }] }])
  expect(bugs).toHaveLength(1)
})

test('Reporter gives a report up that meets a bug on its way, and sends the next one', async () => {
  const { clock, traffic, reports, control, bugs, stop } = world()
  const count = () =>
    traffic.series(KEY).requestEnded({ status: 200, grpcStatus: undefined, latencyUs: 1000, error: undefined })
  count()
  control.bug = 'a client with a bug'
  await clock.advanceAsync(2_000)
  control.bug = ''
  count()
  await clock.advanceAsync(2_000)
  await stop()
  expect(bugs).toEqual(['telemetry: a client with a bug'])
  expect(reports).toMatchObject([{ sequence: '2', series: [{ requestsSuccess: '1' }] }])
})
