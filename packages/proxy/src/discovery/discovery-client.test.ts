import { Code } from '@connectrpc/connect'
import { State } from '@heddle/api/discovery'
import { MatchType, RouteKind } from '@heddle/api/discovery/route'
import { type Clock, systemClock } from '@heddle/base/clock'
import { createLog } from '@heddle/base/log'
import { Registry } from '@heddle/telemetry/registry'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import { bugList } from '../../test/bug-list.ts'
import {
  CONTROL_IDENTITY,
  type FakeControlPlane,
  refusal,
  startFakeControlPlane,
} from '../../test/fake-control-plane.ts'
import { until } from '../../test/until.ts'
import { createControlClient } from '../control/control-client.ts'
import { DiscoveryClient, type DiscoveryOptions } from './discovery-client.ts'

const KEY = 'name:voting-svc.emojivote:8080'
const ADDRESS = 'address:10.0.0.7:80'
const NODE = { namespace: 'emojivote', workload: 'web', instance: 'web-0', serviceAccount: 'web' }

interface World extends AsyncDisposable {
  readonly plane: FakeControlPlane
  readonly client: DiscoveryClient
  readonly bundles: string[]
  readonly lines: string[]
  readonly registry: Registry
  readonly bugs: readonly string[]
  /** How often a stream was opened, or tried to be. */
  readonly attempts: () => number
}

async function world(
  plane: FakeControlPlane,
  options: Partial<DiscoveryOptions> = {},
  clock: Clock = systemClock,
): Promise<World> {
  const control = createControlClient({
    target: { address: { host: '127.0.0.1', port: plane.port }, spiffeId: CONTROL_IDENTITY },
    credentials: credentialsOf(plane),
    clock: systemClock,
    timeoutMs: 20_000,
  })
  const bundles: string[] = []
  const lines: string[] = []
  const registry = new Registry()
  const { bugs, onBug } = bugList()
  let attempts = 0
  const node = () => {
    attempts += 1
    return NODE
  }
  const client = new DiscoveryClient(
    {
      control,
      node,
      onTrust: (pem) => bundles.push(pem),
      records: ({ requestId, limit = 0 }) => Array.from({ length: limit }, (_, at) => recordOf(`${requestId}-${at}`)),
      clock,
      log: createLog((line) => void lines.push(line), 'debug'),
      registry,
      onBug,
    },
    {
      beforeDiscovery: 'refuse',
      timeoutMs: 20_000,
      prepared: [],
      state: { state: 'ready', reason: '' },
      ...options,
    },
  )
  const abort = new AbortController()
  const running = client.run(abort.signal)
  return {
    plane,
    client,
    bundles,
    lines,
    registry,
    bugs,
    attempts: () => attempts,
    async [Symbol.asyncDispose]() {
      abort.abort()
      await running
      control.close()
      await plane.stop()
    },
  }
}

/** Of some 16 KiB. */
function recordOf(requestId: string) {
  return { requestId, startedMs: '12345678901234', detail: 'x'.repeat(16_000) }
}

function credentialsOf(plane: FakeControlPlane) {
  const credentials = { trustBundlePem: plane.authority.trustBundlePem }
  return () => credentials
}

function unmeshed(key: string, version = 'v1') {
  return {
    key,
    change: { case: 'destination' as const, value: { version, target: { case: 'unmeshed' as const, value: {} } } },
  }
}

function missing(key: string, version: string) {
  const target = { case: 'notFound' as const, value: { reason: 'gone' } }
  return { key, change: { case: 'destination' as const, value: { version, target } } }
}

function routed(version: string, expression: string) {
  const path = { type: MatchType.REGULAR_EXPRESSION, value: expression }
  const route = { kind: RouteKind.HTTP, namespace: 'emojivote', name: 'voting', rules: [{ matches: [{ path }] }] }
  const service = { namespace: 'emojivote', name: 'voting-svc', port: 8080, routes: [route] }
  const target = { case: 'service' as const, value: service }
  return { key: KEY, change: { case: 'destination' as const, value: { version, target } } }
}

/** A control plane that answers each stream's first message at once. */
async function greeting(): Promise<FakeControlPlane> {
  const plane = await startFakeControlPlane()
  plane.onStream = (stream) => stream.send({ streamId: `stream-${plane.streams.length}`, sequence: 1n })
  return plane
}

describe('DiscoveryClient', () => {
  test('keeps the last good routes, and tells the control plane what is wrong with the new ones', async () => {
    await using self = await world(await greeting(), { prepared: [KEY] })
    await self.client.ready
    const [stream] = self.plane.streams
    stream!.send({ sequence: 2n, updates: [routed('v1', '/v[0-9]+')] })
    stream!.send({ sequence: 3n, updates: [routed('v2', '/(')] })
    stream!.send({ sequence: 4n, updates: [unmeshed(ADDRESS)] })
    await until(() => self.plane.acknowledged.at(-1)?.sequence === 4n)
    const refused = self.plane.acknowledged.find(({ sequence }) => sequence === 3n)
    expect(refused?.problems).toEqual([expect.stringContaining('the regular expression "/(" cannot be used')])
    expect(await self.client.resolve(KEY)).toMatchObject({ version: 'v1', routing: { requests: { kind: 'http' } } })
  })

  test('answers what is asked of recent requests, in as many parts as the size of a call demands', async () => {
    await using self = await world(await greeting())
    await self.client.ready
    const [stream] = self.plane.streams
    stream!.send({ queries: [{ queryId: 'q1', requestId: 'none' }] })
    stream!.send({ queries: [{ queryId: 'q2', requestId: 'id', limit: 100 }] })
    const isLast = () => self.plane.answers.at(-1)?.queryId === 'q2' && !self.plane.answers.at(-1)!.hasMore
    await until(isLast)
    const [first, ...others] = self.plane.answers
    expect(first).toMatchObject({ streamId: 'stream-1', queryId: 'q1', records: [], hasMore: false })
    expect(others.map(({ hasMore }) => hasMore)).toEqual([true, true, true, false])
    const ids = others.flatMap(({ records }) => records.map(({ requestId }) => requestId))
    expect(ids).toEqual(Array.from({ length: 100 }, (_, at) => `id-${at}`))
    expect(self.plane.acknowledged).toHaveLength(1)
  })

  test('goes on answering after an answer that the control plane did not take', async () => {
    const plane = await greeting()
    await using self = await world(plane)
    await self.client.ready
    plane.beforeCall = (method) => {
      if (method === 'answerQuery' && plane.answers.length === 0) {
        plane.beforeCall = () => {}
        throw refusal(Code.Unavailable, 'not now')
      }
    }
    plane.streams[0]!.send({ queries: [{ queryId: 'q1' }, { queryId: 'q2', requestId: 'id', limit: 1 }] })
    await until(() => plane.answers.length === 1)
    expect(plane.answers).toMatchObject([{ queryId: 'q2', records: [{ requestId: 'id-0' }] }])
  })

  test('registers its instance and is ready after the first message', async () => {
    await using self = await world(await greeting(), { prepared: [KEY] })
    await self.client.ready
    expect(self.plane.streams[0]!.request).toMatchObject({
      node: NODE,
      healthy: true,
      subscriptions: [{ key: KEY, version: '' }],
    })
    await until(() => self.plane.acknowledged.length === 1)
    expect(self.plane.acknowledged[0]).toMatchObject({ streamId: 'stream-1', sequence: 1n, problems: [] })
    expect(self.registry.render()).toContain('heddle_discovery_connected 1\n')
  })

  test('asks for destinations when they are first wanted, all of one turn in one call', async () => {
    await using self = await world(await greeting())
    await self.client.ready
    const resolved = [self.client.resolve(KEY), self.client.resolve(ADDRESS)]
    await until(() => self.plane.subscribed.length > 0)
    expect(self.plane.subscribed.map(({ add }) => add.map(({ key }) => key))).toEqual([[KEY, ADDRESS]])
    self.plane.streams[0]!.send({ sequence: 2n, updates: [unmeshed(KEY), missing(ADDRESS, 'v1')] })
    expect(await Promise.all(resolved)).toMatchObject([{ kind: 'unmeshed' }, { kind: 'missing', reason: 'gone' }])
  })

  test('keeps serving while the control plane is away, and resumes by versions', async () => {
    const plane = await greeting()
    await using self = await world(plane, { prepared: [KEY] })
    await self.client.ready
    plane.streams[0]!.send({ sequence: 2n, updates: [unmeshed(KEY, 'v7')] })
    await until(() => plane.acknowledged.some(({ sequence }) => sequence === 2n))
    await plane.stop()
    await until(() => !self.client.isConnected)
    expect(self.client.resolve(KEY)).toMatchObject({ kind: 'unmeshed', version: 'v7' })

    await using again = await startFakeControlPlane({ authority: plane.authority, port: plane.port })
    again.onStream = (stream) => stream.send({ streamId: 'again', sequence: 1n })
    await until(() => self.client.isConnected)
    expect(again.streams[0]!.request.subscriptions).toMatchObject([{ key: KEY, version: 'v7' }])
    expect(self.client.resolve(KEY)).toMatchObject({ version: 'v7' })
  })

  test('refuses a message that makes no sense, whole, and says why', async () => {
    await using self = await world(await greeting(), { prepared: [KEY] })
    await self.client.ready
    self.plane.streams[0]!.send({
      sequence: 2n,
      updates: [unmeshed(KEY, '')],
      inbound: { ports: [{ port: 80, protocol: 4 }] },
    })
    await until(() => self.plane.acknowledged.length === 2)
    expect(self.plane.acknowledged[1]).toMatchObject({
      sequence: 2n,
      problems: [`${KEY}: a destination without version`],
    })
    expect(self.client.inbound.protocolOf(80)).toBe('detect')
    expect(self.registry.render()).toContain('heddle_discovery_refused_total 1\n')
  })

  test('takes over a trust bundle beside what it refuses, since that is not told again', async () => {
    await using self = await world(await greeting(), { prepared: [KEY] })
    await self.client.ready
    const { trustBundlePem } = self.plane.authority
    self.plane.streams[0]!.send({ sequence: 2n, updates: [unmeshed(KEY, '')], trustBundlePem })
    await until(() => self.plane.acknowledged.some(({ sequence }) => sequence === 2n))
    expect(self.plane.acknowledged.at(-1)?.problems).toEqual([`${KEY}: a destination without version`])
    expect(self.bundles).toEqual([trustBundlePem])
  })

  test('is where the control plane says, by the same value, and where it says itself until then', async () => {
    await using self = await world(await greeting(), { here: { region: 'eu', zone: '' } })
    const { here } = self.client
    await self.client.ready
    expect(here).toEqual({ region: 'eu', zone: '' })
    self.plane.streams[0]!.send({ sequence: 2n, inbound: { locality: { region: 'eu', zone: 'eu-1' } } })
    await until(() => here.zone === 'eu-1')
    self.plane.streams[0]!.send({ sequence: 3n, inbound: { ports: [] } })
    await until(() => self.plane.acknowledged.at(-1)?.sequence === 3n)
    expect(here).toEqual({ region: 'eu', zone: 'eu-1' })
  })

  test('takes over trust bundle and inbound ports, but no bundle that is none', async () => {
    await using self = await world(await greeting())
    await self.client.ready
    const pem = self.plane.authority.trustBundlePem
    self.plane.streams[0]!.send({ sequence: 2n, trustBundlePem: pem, inbound: { ports: [{ port: 80, protocol: 4 }] } })
    self.plane.streams[0]!.send({ sequence: 3n, trustBundlePem: 'nonsense' })
    await until(() => self.plane.acknowledged.some(({ sequence }) => sequence === 3n))
    expect(self.bundles).toEqual([pem])
    expect(self.client.inbound.protocolOf(80)).toBe('opaque')
    expect(self.client.inbound.protocolOf(81)).toBe('detect')
    expect(self.plane.acknowledged.at(-1)!.problems).toEqual([expect.stringContaining('trust bundle')])
  })

  test('does not acknowledge heartbeats', async () => {
    await using self = await world(await greeting())
    await self.client.ready
    self.plane.streams[0]!.send({})
    self.plane.streams[0]!.send({ sequence: 2n })
    await until(() => self.plane.acknowledged.some(({ sequence }) => sequence === 2n))
    expect(self.plane.acknowledged.map(({ sequence }) => sequence)).toEqual([1n, 2n])
  })

  test('tells a change of health, and by the next stream if it could not', async () => {
    await using self = await world(await greeting(), { state: { state: 'unhealthy', reason: 'not asked yet' } })
    await self.client.ready
    expect(self.plane.streams[0]!.request.healthy).toBe(false)
    self.client.report({ state: 'ready', reason: '' })
    await until(() => self.plane.states.length === 1)
    expect(self.plane.states[0]).toMatchObject({ streamId: 'stream-1', state: State.READY })

    self.plane.streams[0]!.end()
    await until(() => self.plane.streams.length === 2)
    expect(self.plane.streams[1]!.request.healthy).toBe(true)
  })

  test('says that it drains, and does not register again', async () => {
    const clock = new ManualClock()
    await using self = await world(await greeting(), {}, clock)
    await self.client.ready
    await self.client.drain()
    expect(self.plane.states).toMatchObject([{ state: State.DRAINING, reason: 'the proxy is shutting down' }])
    self.client.report({ state: 'ready', reason: '' })
    self.plane.streams[0]!.end()
    // The pause before another attempt, and the one between two sweeps.
    await until(() => !self.client.isConnected && clock.waiting === 2)
    clock.advance(60_000)
    await until(() => clock.waiting === 1)
    expect(self.attempts()).toBe(1)
    expect(self.plane.states.length).toBe(1)
  })

  test('opens a stream that ended anew within a second', async () => {
    const clock = new ManualClock()
    await using self = await world(await greeting(), {}, clock)
    await self.client.ready
    self.plane.streams[0]!.end()
    await until(() => !self.client.isConnected && clock.waiting === 2)
    clock.advance(999)
    await until(() => self.plane.streams.length === 2 && self.client.isConnected)
  })

  test('a sweep that fails is told of, and the next one comes in its time', async () => {
    const clock = new ManualClock()
    await using self = await world(await greeting(), {}, clock)
    await self.client.ready
    let sweeps = 0
    self.client.table.sweep = () => {
      sweeps += 1
      throw new Error('a sweep with a bug')
    }
    for (const times of [1, 2]) {
      await until(() => clock.waiting === 1)
      clock.advance(60_000)
      await until(() => sweeps === times)
    }
    await until(() => self.bugs.length === 2)
    expect(self.bugs).toEqual(['discovery: a sweep with a bug', 'discovery: a sweep with a bug'])
    expect(self.client.isConnected).toBe(true)
  })

  test.each([
    { kind: 'at once', update: unmeshed(KEY) },
    { kind: 'once what it needs was loaded', update: routed('v1', '/a.*') },
  ])(
    'a message that meets a bug $kind ends its stream, and what is told on the next one counts',
    async ({ update }) => {
      await using self = await world(await greeting(), { prepared: [KEY] })
      await self.client.ready
      const apply = self.client.table.apply.bind(self.client.table)
      self.client.table.apply = () => {
        self.client.table.apply = apply
        throw new Error('a table with a bug')
      }
      self.plane.streams[0]!.send({ sequence: 2n, updates: [update] })
      await until(() => self.plane.streams.length === 2 && self.client.isConnected)
      expect(self.bugs).toEqual(['discovery: a table with a bug'])

      self.plane.streams[1]!.send({ sequence: 2n, updates: [unmeshed(KEY)] })
      expect(await self.client.resolve(KEY)).toMatchObject({ kind: 'unmeshed' })
    },
  )

  test('opens the stream anew at once when told to', async () => {
    await using self = await world(await greeting(), { prepared: [KEY] })
    await self.client.ready
    self.client.reconnect()
    await until(() => self.plane.streams.length === 2 && self.client.isConnected)
    await until(() => self.plane.streams[0]!.isClosed)
  })

  test('opens the stream anew when the control plane does not know it any more, but not without end', async () => {
    const plane = await greeting()
    await using self = await world(plane)
    await self.client.ready
    plane.beforeCall = (method) => {
      if (method === 'subscribe') throw refusal(Code.NotFound, 'no such stream')
    }
    const resolved = self.client.resolve(KEY)
    await until(() => plane.streams.length === 2)
    expect(plane.streams[1]!.request.subscriptions).toMatchObject([{ key: KEY }])
    plane.beforeCall = () => {}
    await until(() => self.client.isConnected)
    plane.streams[1]!.send({ sequence: 2n, updates: [unmeshed(KEY)] })
    expect(await resolved).toMatchObject({ kind: 'unmeshed' })
  })
})
