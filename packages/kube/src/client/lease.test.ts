import { createLog } from '@heddle/base/log'
import { startFakeApiServer } from '@heddle/testkit/fake-api-server'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test, vi } from 'vitest'
import { createKubeClient, type KubeObject } from './client.ts'
import { holdLease } from './lease.ts'
import { LEASES } from './resources.ts'

/** Real sockets are between a deed and what comes of it. */
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 })

const NAME = { resource: LEASES, namespace: 'heddle', name: 'leader' }
/** A turn is due in that time. */
const TURN_MS = 15_000 / 7

interface Lease extends KubeObject {
  readonly spec?: { readonly holderIdentity?: string; readonly leaseTransitions?: number; readonly renewTime?: string }
}

async function startWorld() {
  const server = await startFakeApiServer()
  const clock = new ManualClock()
  const client = createKubeClient(server.access, { clock, burst: 10_000 })
  const all: AbortController[] = []
  /** A replica that stands for leader. */
  const stand = (holder: string, theirs = client) => {
    const end = new AbortController()
    all.push(end)
    const replica = {
      terms: 0,
      signal: undefined as AbortSignal | undefined,
      isLeading: () => false,
      end: async () => {},
    }
    const onLeading = (signal: AbortSignal) => {
      replica.terms += 1
      replica.signal = signal
    }
    const log = createLog(() => {}, 'off')
    const done = holdLease({ client: theirs, ...NAME, holder, clock, log, onLeading }, end.signal)
    replica.isLeading = () => replica.signal?.aborted === false
    replica.end = async () => {
      end.abort()
      await done
    }
    return replica
  }
  return {
    server,
    clock,
    client,
    stand,
    lease: async () => (await client.get<Lease>(NAME))?.spec,
    /** Lets time pass in small steps, with calls done in each. */
    async pass(ms: number) {
      for (let passedMs = 0; passedMs < ms; passedMs += 500) {
        await clock.advanceAsync(500)
        await settleCalls()
      }
    },
    async [Symbol.asyncDispose]() {
      for (const end of all) end.abort()
      await server[Symbol.asyncDispose]()
    },
  }
}

/** Calls go over real sockets; a few turns of the loop complete one. */
async function settleCalls(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe('holdLease()', () => {
  test('makes the first one leader, and the second one not', async () => {
    await using world = await startWorld()
    const first = world.stand('first')
    await eventually(() => expect(first.isLeading()).toBe(true))
    const second = world.stand('second')
    await world.pass(60_000)
    expect([first.isLeading(), second.isLeading(), first.terms]).toEqual([true, false, 1])
    expect(await world.lease()).toMatchObject({
      holderIdentity: 'first',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
    })
    expect((await world.lease())?.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  })

  test('gives the lease back at the end, so that the next one has it within a turn', async () => {
    await using world = await startWorld()
    const first = world.stand('first')
    await eventually(() => expect(first.isLeading()).toBe(true))
    const second = world.stand('second')
    await world.pass(3000)
    await first.end()
    expect(first.isLeading()).toBe(false)
    expect(await world.lease()).toMatchObject({ holderIdentity: '' })
    await world.pass(TURN_MS + 500)
    expect(second.isLeading()).toBe(true)
    expect(await world.lease()).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 })
  })

  test('stops leading before another one may take a lease that it cannot renew', async () => {
    await using world = await startWorld()
    const cutOff = { isSo: false }
    const access = {
      ...world.server.access,
      credentials: async () => {
        const credentials = await world.server.access.credentials()
        return { ...credentials, headers: cutOff.isSo ? { 'x-cut': 'yes' } : {} }
      },
    }
    world.server.addRule(({ headers }) => (headers['x-cut'] === undefined ? undefined : 'hang'))
    const first = world.stand('first', createKubeClient(access, { clock: world.clock, burst: 10_000 }))
    await eventually(() => expect(first.isLeading()).toBe(true))
    const second = world.stand('second')
    cutOff.isSo = true
    for (let passedMs = 0; passedMs < 25_000; passedMs += 500) {
      await world.pass(500)
      expect(first.isLeading() && second.isLeading()).toBe(false)
    }
    expect([first.isLeading(), second.isLeading()]).toEqual([false, true])
    cutOff.isSo = false
    await world.pass(60_000)
    expect([first.isLeading(), second.isLeading(), second.terms]).toEqual([false, true, 1])
  })

  test('goes on leading while the API server is away for less than that', async () => {
    await using world = await startWorld()
    const first = world.stand('first')
    await eventually(() => expect(first.isLeading()).toBe(true))
    const back = world.server.addRule(() => ({ status: 500 }))
    await world.pass(5000)
    back()
    await world.pass(30_000)
    expect([first.isLeading(), first.terms]).toEqual([true, 1])
  })

  test('leads on when somebody else has touched the lease without taking it', async () => {
    await using world = await startWorld()
    const first = world.stand('first')
    await eventually(() => expect(first.isLeading()).toBe(true))
    world.server.answerOnce({ status: 409, body: { reason: 'Conflict', code: 409 } }, ({ method }) => method === 'PUT')
    await world.pass(10_000)
    expect([first.isLeading(), first.terms]).toEqual([true, 1])
  })

  test('does not wait for an API server that does not answer when it ends', async () => {
    await using world = await startWorld()
    const first = world.stand('first')
    await eventually(() => expect(first.isLeading()).toBe(true))
    world.server.addRule(() => 'hang')
    await world.pass(3000)
    let isEnded = false
    void first.end().then(() => {
      isEnded = true
    })
    await world.pass(500)
    expect(first.isLeading()).toBe(true)
    await world.pass(1500)
    expect([first.isLeading(), isEnded]).toEqual([false, false])
    await world.pass(2000)
    expect(isEnded).toBe(true)
  })

  test('does not lead by a call that is answered after its end', async () => {
    await using world = await startWorld()
    let answer = () => {}
    const held = new Promise<void>((resolve) => (answer = resolve))
    const slow = {
      ...world.client,
      get: () => held.then(() => undefined),
      create: async <T>() => ({ metadata: NAME }) as T,
    } as unknown as typeof world.client
    const late = world.stand('late', slow)
    const ended = late.end()
    await world.pass(2500)
    await ended
    answer()
    await world.pass(500)
    expect(late.terms).toBe(0)
  })

  test('makes exactly one of many leader, whoever ends', async () => {
    await using world = await startWorld()
    const replicas = ['a', 'b', 'c'].map((holder) => world.stand(holder))
    const leading = () => replicas.filter((replica) => replica.isLeading())
    for (let ended = 0; ended < 2; ended++) {
      await world.pass(3000)
      expect(leading()).toHaveLength(1)
      await leading()[0]!.end()
    }
    await world.pass(3000)
    expect(leading()).toHaveLength(1)
  })
})
