import { create } from '@bufbuild/protobuf'
import { BucketSchema, Direction, ReportRequestSchema, type Series, SeriesSchema } from '@heddle/api/telemetry'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import { findEdges } from './edges.ts'
import type { ResourceScope, ScopeKind } from './resource-scope.ts'
import { type StatQuestion, sumTraffic } from './stat.ts'
import { TelemetryStore } from './telemetry-store.ts'

type SeriesInit = Partial<Omit<Series, '$typeName' | '$unknown'>>

const VOTING = 'spiffe://heddle.local/ns/emojivote/sa/voting'

/** web-0 and web-1 call voting-svc (one instance, secured) and an outside address; a client without proxy calls voting. */
function emojivote() {
  const store = new TelemetryStore(new ManualClock())
  const report = (workload: string, instance: string, series: readonly SeriesInit[]) => {
    const messages = series.map((one) => create(SeriesSchema, one))
    const from = { namespace: 'emojivote', workload, instance, epoch: 'e', sequence: 1n, intervalMs: 10_000 }
    const identity = `spiffe://heddle.local/ns/emojivote/sa/${workload}`
    store.report(create(ReportRequestSchema, { ...from, series: messages }), identity)
  }
  const toVoting = {
    direction: Direction.OUTBOUND,
    serviceNamespace: 'emojivote',
    service: 'voting-svc',
    port: 8080,
    peerNamespace: 'emojivote',
    peerWorkload: 'voting',
    peerInstance: 'voting-0',
    peerIdentity: VOTING,
    security: 'mtls',
  }
  const slow = [create(BucketSchema, { index: 200, count: 10n })]
  report('web', 'web-0', [
    { ...toVoting, requestsSuccess: 10n, latency: slow, writtenBytes: 500n, connectionsOpen: 2n },
  ])
  report('web', 'web-1', [
    { ...toVoting, requestsSuccess: 15n, requestsFailure: 5n },
    { direction: Direction.OUTBOUND, security: 'destination_unmeshed', connectionsOpened: 1n },
  ])
  report('voting', 'voting-0', [
    { direction: Direction.INBOUND, port: 8080, security: 'mtls', requestsSuccess: 24n, requestsFailure: 5n },
    { direction: Direction.INBOUND, port: 8080, security: 'peer_not_meshed', requestsSuccess: 1n, connectionsOpen: 1n },
  ])
  return store
}

function scope(kind: ScopeKind, name = '', namespace = 'emojivote'): ResourceScope {
  return { kind, namespace, name }
}

describe('sumTraffic()', () => {
  const question = (resource: ResourceScope, rest: Partial<StatQuestion> = {}) => ({ resource, ...rest })

  test.each([
    { name: 'deployments by what came in', asked: question(scope('deployment')), rows: { voting: [25, 5, 1] } },
    { name: 'pods by what came in', asked: question(scope('pod')), rows: { 'voting-0': [25, 5, 1] } },
    {
      name: 'services by what their clients saw',
      asked: question(scope('service')),
      rows: { 'voting-svc': [25, 5, 2] },
    },
    { name: 'namespaces by what came in', asked: question(scope('namespace')), rows: { emojivote: [25, 5, 1] } },
    { name: 'nothing of another name', asked: question(scope('deployment', 'web')), rows: {} },
    { name: 'nothing of another namespace', asked: question(scope('deployment', '', 'shop')), rows: {} },
    {
      name: 'pods to a service by what they saw',
      asked: question(scope('pod'), { to: scope('service', 'voting-svc') }),
      rows: { 'web-0': [10, 0, 2], 'web-1': [15, 5, 0] },
    },
    {
      name: 'a deployment from another by what that saw',
      asked: question(scope('deployment'), { from: scope('deployment', 'web') }),
      rows: { voting: [25, 5, 2] },
    },
    {
      name: 'nothing to a deployment that nobody calls',
      asked: question(scope('deployment'), { to: scope('deployment', 'emoji') }),
      rows: {},
    },
  ])('sums $name', ({ asked, rows }) => {
    const traffic = sumTraffic(asked, emojivote().window(60_000))
    const seen = traffic.map(({ resource, totals, openConnections }) => [
      resource.name,
      [totals.success, totals.failure, openConnections],
    ])
    expect(Object.fromEntries(seen)).toEqual(rows)
  })

  test('gives rates per second, added up over the proxies', () => {
    const [row] = sumTraffic(question(scope('service')), emojivote().window(60_000))
    expect(row?.requestsPerSecond).toBeCloseTo(3)
    expect(row?.writtenBytesPerSecond).toBeCloseTo(50)
  })

  test('gives latencies from the merged histograms, none where none were counted', () => {
    const rows = sumTraffic(question(scope('pod'), { to: scope('service') }), emojivote().window(60_000))
    const [slow, silent] = rows
    expect(slow?.quantileUs(0.5)).toBeGreaterThan(1_000)
    expect(slow?.quantileUs(0.5)).toBeLessThanOrEqual(slow?.quantileUs(0.99) ?? 0)
    expect(silent?.quantileUs(0.5)).toBeUndefined()
  })
})

describe('findEdges()', () => {
  test('tells who talks to whom, with both identities, or why not secured', () => {
    const edges = findEdges(scope('deployment'), emojivote().window(60_000))
    expect(edges.map(({ source, target, security }) => `${source.name} ${target.name} ${security}`)).toEqual([
      '(unmeshed) voting peer_not_meshed',
      'web (external) destination_unmeshed',
      'web voting mtls',
    ])
    expect(edges[2]).toMatchObject({ clientIdentity: VOTING.replace('voting', 'web'), serverIdentity: VOTING })
    expect(edges[0]).toMatchObject({ clientIdentity: '', serverIdentity: '' })
  })

  test.each([
    { name: 'its Service has no endpoints yet', serviceNamespace: 'emojivote', service: 'voting-svc' },
    { name: 'no Service has the address it was for', serviceNamespace: '', service: '' },
  ])('takes a request that reached nobody for no traffic: $name', ({ serviceNamespace, service }) => {
    const store = new TelemetryStore(new ManualClock())
    const failed = create(SeriesSchema, {
      direction: Direction.OUTBOUND,
      serviceNamespace,
      service,
      port: 8080,
      security: 'unreached',
      requestsFailure: 1n,
    })
    const from = {
      namespace: 'emojivote',
      workload: 'web',
      instance: 'web-0',
      epoch: 'e',
      sequence: 1n,
      intervalMs: 10_000,
    }
    store.report(create(ReportRequestSchema, { ...from, series: [failed] }), VOTING)
    expect(findEdges(scope('deployment'), store.window(60_000))).toEqual([])
  })

  test.each([
    { name: 'a probe of a kubelet', series: { security: 'probe', protocol: 'http1', requestsSuccess: 9n } },
    { name: 'a connection without a word', series: { security: 'peer_not_meshed', protocol: 'opaque' } },
    {
      name: 'a connection without a request',
      series: { security: 'peer_not_meshed', protocol: 'http1', readBytes: 9n },
    },
  ])('takes $name for no traffic', ({ series }) => {
    const store = new TelemetryStore(new ManualClock())
    const one = create(SeriesSchema, { direction: Direction.INBOUND, port: 8080, connectionsOpened: 3n, ...series })
    const from = { namespace: 'shop', workload: 'web', instance: 'web-0', epoch: 'e', sequence: 1n, intervalMs: 10_000 }
    store.report(create(ReportRequestSchema, { ...from, series: [one] }), 'spiffe://heddle.local/ns/shop/sa/web')
    expect(findEdges(scope('deployment'), store.window(60_000))).toEqual([])
  })

  test('names instances when asked for pods, and only those of the scope', () => {
    const edges = findEdges(scope('pod', 'web-0'), emojivote().window(60_000))
    expect(edges.map(({ source, target }) => [source.name, target.name])).toEqual([['web-0', 'voting-0']])
  })
})
