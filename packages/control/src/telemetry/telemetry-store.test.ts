import { create } from '@bufbuild/protobuf'
import {
  BucketSchema,
  Direction,
  type ReportRequest,
  ReportRequestSchema,
  type Series,
  SeriesSchema,
} from '@heddle/api/telemetry'
import { BUCKET_COUNT } from '@heddle/telemetry/latency-histogram'
import { ManualClock } from '@heddle/testkit/manual-clock'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LEVELS, LONGEST_WINDOW_MS } from './rolling-totals.ts'
import { type StoreLimits, TelemetryStore } from './telemetry-store.ts'
import { addTotals, createTotals } from './totals.ts'

const MINUTE_MS = 60_000
const IDENTITY = 'spiffe://heddle.local/ns/emojivote/sa/web'

type ReportInit = Partial<Omit<ReportRequest, '$typeName' | '$unknown' | 'series'>> & {
  readonly series?: readonly Partial<Omit<Series, '$typeName' | '$unknown'>>[]
}

function world(limits?: StoreLimits) {
  const clock = new ManualClock()
  const store = limits === undefined ? new TelemetryStore(clock) : new TelemetryStore(clock, limits)
  let sequence = 0n
  const report = ({ series = [], ...rest }: ReportInit) => {
    sequence += 1n
    const from = {
      namespace: 'emojivote',
      workload: 'web',
      instance: 'web-0',
      epoch: 'e1',
      sequence,
      intervalMs: 5_000,
    }
    const inbound = { direction: Direction.INBOUND, port: 80, security: 'mtls', protocol: 'http1' }
    const messages = series.map((one) => create(SeriesSchema, { ...inbound, ...one }))
    return store.report(create(ReportRequestSchema, { ...from, ...rest, series: messages }), IDENTITY)
  }
  const sum = (windowMs: number) => {
    const totals = createTotals()
    for (const one of store.window(windowMs)) addTotals(totals, one.totals)
    return totals
  }
  return { clock, store, report, sum }
}

describe('TelemetryStore', () => {
  test('counts a report once, however often it comes', () => {
    const { report, sum } = world()
    expect(report({ epoch: 'a', sequence: 7n, series: [{ requestsSuccess: 3n }] })).toBe('counted')
    expect(report({ epoch: 'a', sequence: 7n, series: [{ requestsSuccess: 3n }] })).toBe('repeated')
    expect(report({ epoch: 'a', sequence: 6n, series: [{ requestsSuccess: 3n }] })).toBe('repeated')
    expect(report({ epoch: 'b', sequence: 1n, series: [{ requestsSuccess: 3n }] })).toBe('counted')
    expect(sum(MINUTE_MS).success).toBe(6)
  })

  test('keeps the totals of a window the same in every resolution', () => {
    const step = fc.record({ afterMs: fc.integer({ min: 0, max: 9_000 }), success: fc.nat(50), bytes: fc.nat(5_000) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { clock, report, sum } = world()
        let success = 0
        let bytes = 0
        for (const { afterMs, ...counted } of steps) {
          clock.advance(afterMs)
          const latency = [create(BucketSchema, { index: counted.success, count: BigInt(counted.success) })]
          report({ series: [{ requestsSuccess: BigInt(counted.success), readBytes: BigInt(counted.bytes), latency }] })
          success += counted.success
          bytes += counted.bytes
        }
        for (const { widthMs, slots } of LEVELS) {
          const totals = sum(widthMs * (slots - 2))
          const inBuckets = totals.latency.filter((_, at) => at % 2 === 1).reduce((all, count) => all + count, 0)
          expect(totals).toMatchObject({ success, readBytes: bytes })
          expect(inBuckets).toBe(success)
        }
      }),
      { numRuns: 30 },
    )
  })

  test('answers for a window what was reported in it, to the width of its resolution', () => {
    const { clock, report, sum } = world()
    for (let minute = 0; minute < 8 * 60; minute++) {
      report({ series: [{ requestsSuccess: 1n }] })
      clock.advance(MINUTE_MS)
    }
    expect(sum(10 * MINUTE_MS).success).toBe(10)
    expect(sum(60 * MINUTE_MS).success).toBe(60)
    expect(sum(LONGEST_WINDOW_MS).success).toBe(360)
  })

  test('forgets series and reporters when their last total is too old', () => {
    const { clock, report, store } = world()
    report({ series: [{ requestsSuccess: 1n }] })
    clock.advance(LONGEST_WINDOW_MS + 30 * MINUTE_MS)
    report({ instance: 'web-1' })
    expect(store.seriesCount).toBe(0)
    expect(store.reporter('emojivote', 'web-0')).toBeUndefined()
  })

  test('shows open connections until the proxy says otherwise, starts anew or falls silent', () => {
    const { clock, report, store } = world()
    const open = () => [...store.window(MINUTE_MS)].reduce((all, one) => all + one.openConnections, 0)
    report({ series: [{ connectionsOpened: 2n, connectionsOpen: 2n }] })
    clock.advance(5_000)
    report({})
    expect(open()).toBe(2)
    clock.advance(5_000)
    report({ series: [{ connectionsOpen: 1n }] })
    expect(open()).toBe(1)
    clock.advance(16_000)
    expect(open()).toBe(0)
    report({ epoch: 'restarted' })
    expect(open()).toBe(0)
  })

  test('divides by the time that was counted: also for a proxy just started, or reporting minutes at once', () => {
    const { clock, report, store } = world()
    const span = () => [...store.window(MINUTE_MS)].map((one) => one.spanMs)
    report({ intervalMs: 2_000, series: [{ requestsSuccess: 20n }] })
    expect(span()).toEqual([2_000])
    clock.advance(300_000)
    report({ intervalMs: 300_000, series: [{ requestsSuccess: 3_000n }] })
    expect(span()).toEqual([300_000])
  })

  test('divides by the whole window for a proxy that fell silent', () => {
    const { clock, report, store } = world()
    report({ intervalMs: 5_000, series: [{ requestsSuccess: 20n }] })
    clock.advance(40_000)
    expect([...store.window(MINUTE_MS)].map((one) => one.spanMs)).toEqual([45_000])
  })

  test('answers for a window what was reported in it, after the clock was set back by hours', () => {
    const { clock, report, sum } = world()
    for (const instance of ['web-0', 'web-1']) report({ instance, series: [{ requestsSuccess: 1_000n }] })
    clock.setWall(-8 * 60 * MINUTE_MS)
    for (let passedMs = 0; passedMs < 10 * MINUTE_MS; passedMs += 5_000) {
      clock.advance(5_000)
      report({ series: [{ requestsSuccess: 1n }] })
    }
    expect(sum(MINUTE_MS).success).toBeLessThanOrEqual(13)
    expect(sum(60 * MINUTE_MS).success).toBe(120)
  })

  test('counts what is reported just after a small step back of the clock', () => {
    const { clock, report, sum } = world()
    report({ series: [{ requestsSuccess: 1n }] })
    clock.setWall(-2_000)
    report({ series: [{ requestsSuccess: 1n }] })
    expect(sum(MINUTE_MS).success).toBe(2)
  })

  test('counts series together when there are too many: sums of the workload stay right', () => {
    const { report, store, sum } = world({ series: 10, cells: 100_000, reporters: 100 })
    for (let peer = 0; peer < 500; peer++) report({ series: [{ peerWorkload: `p${peer}`, requestsSuccess: 1n }] })
    expect(sum(MINUTE_MS).success).toBe(500)
    expect(store.seriesCount).toBe(11)
    expect(store.foldedCount).toBe(490)
  })

  test('shortens history rather than outgrow its limit, and lengthens it when there is room again', () => {
    const limits = { series: 50, cells: 2_000, reporters: 100 }
    const { clock, report, store } = world(limits)
    const series = Array.from({ length: 50 }, (_, peer) => ({ peerWorkload: `p${peer}`, requestsSuccess: 1n }))
    for (let turn = 0; turn < 200; turn++) {
      report({ series })
      expect(store.cellCount).toBeLessThanOrEqual(limits.cells)
      clock.advance(5_000)
    }
    expect(store.historyShare).toBeLessThan(1)
    for (let turn = 0; turn < 600; turn++) {
      report({})
      clock.advance(60_000)
    }
    expect(store.historyShare).toBe(1)
  })

  test('keeps within its limit however many buckets the totals of a time have', () => {
    const limits = { series: 1_000, cells: 1_000, reporters: 100 }
    const { clock, report, store } = world(limits)
    const latency = Array.from({ length: BUCKET_COUNT }, (_, index) => create(BucketSchema, { index, count: 1n }))
    for (let slot = 0; slot < 20; slot++) {
      report({ series: Array.from({ length: 10 }, (_, port) => ({ port, requestsSuccess: 337n, latency })) })
      clock.advance(5_000)
    }
    const numbers = store.save(Number.POSITIVE_INFINITY).series.flatMap(({ cells }) => cells.flat(2)).length
    expect(numbers).toBeLessThan(limits.cells * 80)
    expect(store.historyShare).toBeLessThan(1)
  })

  test('saves no more of large totals than of as many numbers in small ones', () => {
    const { report, store } = world()
    const latency = Array.from({ length: BUCKET_COUNT }, (_, index) => create(BucketSchema, { index, count: 1n }))
    report({ series: Array.from({ length: 10 }, (_, port) => ({ port, requestsSuccess: 337n, latency })) })
    expect(store.save(40).series).toEqual([])
  })

  test('saves no more of long names than of as much in totals', () => {
    const { report, store } = world()
    const peerIdentity = 'x'.repeat(640)
    report({ series: Array.from({ length: 10 }, (_, port) => ({ port, requestsSuccess: 1n, peerIdentity })) })
    expect(store.save(100).series[0]?.cells.map((cells) => cells.length)).toEqual([1, 1, 1])
    expect(store.save(50).series).toEqual([])
  })

  test('remembers at most so many reporters', () => {
    const { clock, report, store } = world({ series: 10, cells: 10_000, reporters: 3 })
    for (let at = 0; at < 10; at++) {
      report({ instance: `web-${at}` })
      clock.advance(1_000)
    }
    const known = Array.from({ length: 10 }, (_, at) => store.reporter('emojivote', `web-${at}`)?.reporter.instance)
    expect(known.filter(Boolean)).toEqual(['web-7', 'web-8', 'web-9'])
  })
})
