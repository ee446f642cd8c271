import type { ProxyErrorCode } from '@heddle/api/proxy-errors'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import type { EndedRequest } from './ended-request.ts'
import type { SeriesKey } from './series-key.ts'
import { TrafficTable } from './traffic.ts'
import { trafficMetrics } from './traffic-metrics.ts'

const KEY: SeriesKey = {
  direction: 'outbound',
  serviceNamespace: 'emojivote',
  service: 'voting-svc',
  port: 8080,
  peerNamespace: 'emojivote',
  peerWorkload: 'voting',
  peerInstance: 'voting-0',
  peerIdentity: 'spiffe://heddle.local/ns/emojivote/sa/voting',
  security: 'mtls',
  protocol: 'http1',
}

const TEN_MINUTES_MS = 600_000

function table(maxSeries?: number) {
  const clock = new ManualClock()
  return { clock, traffic: new TrafficTable({ clock, ...(maxSeries === undefined ? {} : { maxSeries }) }) }
}

function ended(status: number, latencyUs: number, error?: ProxyErrorCode): EndedRequest {
  return { status, grpcStatus: undefined, latencyUs, error }
}

describe('TrafficTable', () => {
  test('gives the same series for the same key', () => {
    const { traffic } = table()
    expect(traffic.series({ ...KEY })).toBe(traffic.series(KEY))
    expect(traffic.series({ ...KEY, peerInstance: 'voting-1' })).not.toBe(traffic.series(KEY))
  })

  test('takes what was counted, as the protocol has it, and only once', () => {
    const { traffic } = table()
    const series = traffic.series(KEY)
    series.connectionOpened()
    series.requestEnded(ended(200, 1000))
    series.requestEnded(ended(404, 1000))
    series.requestEnded(ended(503, 70, 'no_healthy_endpoint'))
    series.requestEnded(ended(0, 70, 'client_reset'))
    series.addReadBytes(10)
    series.addWrittenBytes(20)
    series.connectionClosed(undefined)

    const { direction: _direction, ...names } = KEY
    expect(traffic.takeDelta()).toEqual([
      {
        ...names,
        direction: 'DIRECTION_OUTBOUND',
        requestsSuccess: '2',
        requestsFailure: '2',
        statuses: [
          { status: 200, count: '1' },
          { status: 404, count: '1' },
          { status: 503, count: '1' },
          { status: 0, count: '1' },
        ],
        latency: [
          { index: 17, count: '2' },
          { index: 79, count: '2' },
        ],
        latencySumUs: '2140',
        connectionsOpened: '1',
        connectionsClosed: '1',
        connectionsOpen: '0',
        readBytes: '10',
        writtenBytes: '20',
        errors: [
          { error: 'no_healthy_endpoint', count: '1' },
          { error: 'client_reset', count: '1' },
        ],
      },
    ])
    expect(traffic.takeDelta()).toEqual([])
  })

  test('reports requests of gRPC by both statuses, each once', () => {
    const { traffic } = table()
    const series = traffic.series(KEY)
    for (const grpcStatus of [0, 0, 13]) series.requestEnded({ ...ended(200, 1), grpcStatus })
    series.requestEnded(ended(200, 1))
    series.requestEnded({ ...ended(0, 1, 'client_reset'), grpcStatus: 1 })

    expect(traffic.takeDelta()).toMatchObject([
      {
        requestsSuccess: '4',
        requestsFailure: '1',
        statuses: [
          { status: 200, count: '4' },
          { status: 0, count: '1' },
        ],
        grpcStatuses: [
          { status: 0, count: '2' },
          { status: 13, count: '1' },
          { status: 1, count: '1' },
        ],
      },
    ])
    series.requestEnded(ended(200, 1))
    const [delta] = traffic.takeDelta()
    expect(delta).toMatchObject({ statuses: [{ status: 200, count: '1' }] })
    expect(delta).not.toHaveProperty('grpcStatuses')
  })

  test('reports series with open connections again and again, so that their gauge stays true', () => {
    const { traffic } = table()
    const series = traffic.series(KEY)
    series.connectionOpened()
    traffic.takeDelta()
    expect(traffic.takeDelta()).toMatchObject([{ connectionsOpened: '0', connectionsOpen: '1' }])
    series.connectionClosed('client_reset')
    expect(traffic.takeDelta()).toMatchObject([{ connectionsClosed: '1', connectionsOpen: '0' }])
    expect(traffic.takeDelta()).toEqual([])
  })

  test('forgets a series that was idle for ten minutes, but not one with open connections', () => {
    const { clock, traffic } = table()
    traffic.series(KEY).requestEnded(ended(200, 1))
    traffic.series({ ...KEY, peerInstance: 'voting-1' }).connectionOpened()
    traffic.takeDelta()
    clock.advance(TEN_MINUTES_MS - 1)
    traffic.takeDelta()
    expect(traffic.size).toBe(2)
    clock.advance(60_000)
    traffic.takeDelta()
    expect(Array.from(traffic.list(), (series) => series.key.peerInstance)).toEqual(['voting-1'])
  })

  test.each([
    { name: 'forward', byMs: 86_400_000 },
    { name: 'back', byMs: -86_400_000 },
  ])('forgets what was idle for so long, whether or not the clock on the wall was set $name', ({ byMs }) => {
    const { clock, traffic } = table()
    traffic.series(KEY).requestEnded(ended(200, 1))
    traffic.takeDelta()
    clock.setWall(byMs)
    clock.advance(TEN_MINUTES_MS - 1)
    traffic.takeDelta()
    expect(traffic.size).toBe(1)
    clock.advance(60_000)
    traffic.takeDelta()
    expect(traffic.size).toBe(0)
  })

  test('loses nothing that the holder of a forgotten series counts', () => {
    const { clock, traffic } = table()
    const held = traffic.series(KEY)
    clock.advance(TEN_MINUTES_MS)
    traffic.takeDelta()
    expect(traffic.size).toBe(0)

    held.requestEnded(ended(200, 1))

    expect(traffic.size).toBe(1)
    expect(traffic.series(KEY)).toBe(held)
    expect(traffic.takeDelta()).toMatchObject([{ requestsSuccess: '1' }])
  })

  test('counts together what is above the limit, and says how often', () => {
    const { traffic } = table(1)
    traffic.series(KEY)
    const other = traffic.series({ ...KEY, peerInstance: 'voting-1' })
    expect(traffic.series({ ...KEY, peerInstance: 'voting-2' })).toBe(other)
    expect(other.key).toMatchObject({ direction: 'outbound', service: 'other', security: 'mtls', peerIdentity: '' })
    expect(traffic.overflowed).toBe(2)
  })
})

describe('trafficMetrics()', () => {
  const LABELS =
    'direction="outbound",namespace="emojivote",service="voting-svc",port="8080",peer_namespace="emojivote",' +
    'peer_workload="voting",peer_instance="voting-0",peer_identity="spiffe://heddle.local/ns/emojivote/sa/voting",' +
    'security="mtls",protocol="http1"'

  test('shows totals that reports do not reset', () => {
    const { traffic } = table()
    const series = traffic.series(KEY)
    series.connectionOpened()
    series.addReadBytes(7)
    series.requestEnded(ended(200, 1000))
    series.requestEnded(ended(503, 2_000_000, 'connect_timeout'))
    series.requestEnded({ ...ended(200, 100_000_000), grpcStatus: 13 })
    traffic.takeDelta()

    const lines = trafficMetrics(traffic).render().split('\n')

    expect(lines).toContain(`heddle_requests_total{${LABELS},status="200"} 1`)
    expect(lines).toContain(`heddle_requests_total{${LABELS},status="503"} 1`)
    expect(lines).toContain(`heddle_requests_total{${LABELS},status="200",grpc_status="13"} 1`)
    expect(lines).toContain(`heddle_request_duration_seconds_bucket{${LABELS},le="0.001"} 1`)
    expect(lines).toContain(`heddle_request_duration_seconds_bucket{${LABELS},le="2.5"} 2`)
    expect(lines).toContain(`heddle_request_duration_seconds_sum{${LABELS}} 102.001`)
    expect(lines).toContain(`heddle_tcp_connections_open{${LABELS}} 1`)
    expect(lines).toContain(`heddle_tcp_read_bytes_total{${LABELS}} 7`)
    expect(lines).toContain(`heddle_traffic_errors_total{${LABELS},error="connect_timeout"} 1`)
    expect(lines).toContain('heddle_traffic_series 1')
  })

  test('has each head once and no two equal lines', () => {
    const { traffic } = table()
    for (const peerInstance of ['voting-0', 'voting-1']) {
      for (const security of ['mtls', 'peer_not_meshed']) {
        traffic.series({ ...KEY, peerInstance, security }).requestEnded(ended(200, 1, 'client_reset'))
      }
    }
    const lines = trafficMetrics(traffic).render().trimEnd().split('\n')
    const names = lines.map((line) => line.replace(/ [^ ]*$/, ''))
    expect(new Set(names).size).toBe(names.length)
  })
})
