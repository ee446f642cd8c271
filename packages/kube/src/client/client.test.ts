import { startFakeApiServer } from '@heddle/testkit/fake-api-server'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test, vi } from 'vitest'
import { createKubeClient, type KubeClientOptions, type KubeObject } from './client.ts'
import { CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, PODS, SERVICES } from './resources.ts'

/** Real sockets are between a deed and what comes of it. */
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 })

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

interface Deployment extends KubeObject {
  readonly spec?: { readonly replicas?: number; readonly paused?: boolean }
  readonly status?: { readonly ready?: number }
}

async function startWorld(options: KubeClientOptions = {}) {
  const server = await startFakeApiServer()
  const clock = new ManualClock()
  const client = createKubeClient(server.access, { clock, ...options })
  return { server, clock, client, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

const web = (spec: object = {}) => ({ metadata: { namespace: 'shop', name: 'web' }, spec })
const WEB = { resource: DEPLOYMENTS, namespace: 'shop', name: 'web' }

describe('createKubeClient()', () => {
  test('creates an object and gets it back with the version that the server gave it', async () => {
    await using world = await startWorld()
    const created = await world.client.create<Deployment>(DEPLOYMENTS, web({ replicas: 2 }))
    const found = await world.client.get<Deployment>(WEB)
    expect(found).toEqual(created)
    expect(found).toMatchObject({ apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 2 } })
    expect(found?.metadata.resourceVersion).toBeDefined()
  })

  test('gets undefined where there is no object, and says of a deletion whether there was one', async () => {
    await using world = await startWorld()
    expect(await world.client.get(WEB)).toBeUndefined()
    expect(await world.client.delete(WEB)).toBe(false)
    await world.client.create(DEPLOYMENTS, web())
    expect(await world.client.delete(WEB, { propagation: 'Background' })).toBe(true)
    expect(world.server.requests.at(-1)?.body).toMatchObject({ propagationPolicy: 'Background' })
  })

  test('refuses to delete another incarnation than the one that is meant', async () => {
    await using world = await startWorld()
    await world.client.create(DEPLOYMENTS, web())
    await expect(world.client.delete(WEB, { uid: 'other' })).rejects.toMatchObject({ status: 409, reason: 'Conflict' })
  })

  test('says in Kubernetes own words why an object was not created or replaced', async () => {
    await using world = await startWorld()
    const first = await world.client.create<Deployment>(DEPLOYMENTS, web())
    await expect(world.client.create(DEPLOYMENTS, web())).rejects.toMatchObject({
      name: 'KubeError',
      status: 409,
      reason: 'AlreadyExists',
      message: 'web already exists',
    })
    await world.client.update(DEPLOYMENTS, { ...first, spec: { replicas: 3 } })
    await expect(world.client.update(DEPLOYMENTS, first)).rejects.toMatchObject({ status: 409, reason: 'Conflict' })
  })

  test('applies what one manager owns, and fails where another one owns it unless it is forced', async () => {
    await using world = await startWorld()
    const { client } = world
    await client.apply(DEPLOYMENTS, web({ replicas: 2, paused: true }), { fieldManager: 'heddle' })
    await client.apply(DEPLOYMENTS, web({ replicas: 2 }), { fieldManager: 'heddle' })
    expect((await client.get<Deployment>(WEB))?.spec).toEqual({ replicas: 2 })
    const other = client.apply(DEPLOYMENTS, web({ replicas: 5 }), { fieldManager: 'other' })
    await expect(other).rejects.toMatchObject({ status: 409, reason: 'Conflict' })
    await client.apply(DEPLOYMENTS, web({ replicas: 5 }), { fieldManager: 'other', force: true })
    expect((await client.get<Deployment>(WEB))?.spec).toEqual({ replicas: 5 })
  })

  test('applies nothing in a dry run', async () => {
    await using world = await startWorld()
    await world.client.apply(DEPLOYMENTS, web({ replicas: 2 }), { fieldManager: 'heddle', dryRun: true })
    expect(await world.client.get(WEB)).toBeUndefined()
  })

  test('writes the status and nothing else', async () => {
    await using world = await startWorld()
    await world.client.create(DEPLOYMENTS, web({ replicas: 2 }))
    const options = { type: 'merge', subresource: 'status' } as const
    const patched = await world.client.patch<Deployment>(WEB, { status: { ready: 1 }, spec: { replicas: 9 } }, options)
    expect(patched).toMatchObject({ spec: { replicas: 2 }, status: { ready: 1 } })
  })

  test.each([
    { type: 'merge' as const, patch: { spec: { replicas: 4, paused: null } } },
    {
      type: 'json' as const,
      patch: [
        { op: 'test', path: '/spec/replicas', value: 2 },
        { op: 'replace', path: '/spec/replicas', value: 4 },
        { op: 'remove', path: '/spec/paused' },
      ],
    },
  ])('patches by $type', async ({ type, patch }) => {
    await using world = await startWorld()
    await world.client.create(DEPLOYMENTS, web({ replicas: 2, paused: true }))
    expect((await world.client.patch<Deployment>(WEB, patch, { type })).spec).toEqual({ replicas: 4 })
  })

  test('lists in pages, with the kind that the server leaves out', async () => {
    await using world = await startWorld()
    for (let i = 0; i < 7; i++) await world.client.create(CONFIG_MAPS, { metadata: { namespace: 'a', name: `m${i}` } })
    await world.client.create(CONFIG_MAPS, { metadata: { namespace: 'b', name: 'm' }, data: { key: 'value' } })
    const all = await world.client.list(CONFIG_MAPS, { pageSize: 3 })
    expect(all.items.map((item) => item.metadata.name)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm'])
    expect(all.items[7]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { key: 'value' } })
    expect(world.server.requests.filter((request) => request.method === 'GET')).toHaveLength(3)
    expect((await world.client.list(CONFIG_MAPS, { namespace: 'b' })).items).toHaveLength(1)
  })

  test('lists in one piece when the version of its pages was forgotten meanwhile', async () => {
    await using world = await startWorld()
    for (let i = 0; i < 4; i++) await world.client.create(NAMESPACES, { metadata: { name: `n${i}` } })
    world.server.addRule(({ query }) => {
      if (query.has('continue')) world.server.store.forget()
      return undefined
    })
    expect((await world.client.list(NAMESPACES, { pageSize: 2 })).items).toHaveLength(4)
    expect(world.server.requests.at(-1)?.query.has('limit')).toBe(false)
  })

  test('selects by labels and fields', async () => {
    await using world = await startWorld()
    await world.client.create(SERVICES, { metadata: { namespace: 'a', name: 'one', labels: { app: 'x' } } })
    await world.client.create(SERVICES, { metadata: { namespace: 'a', name: 'two', labels: { app: 'y' } } })
    const by = async (options: object) => (await world.client.list(SERVICES, options)).items.map((s) => s.metadata.name)
    expect(await by({ labelSelector: 'app=y' })).toEqual(['two'])
    expect(await by({ fieldSelector: 'metadata.name=one' })).toEqual(['one'])
  })

  test.each(['', undefined])('never takes the namespace %j for all of them', async (namespace) => {
    await using world = await startWorld()
    const ref = { resource: PODS, name: 'web', ...(namespace === undefined ? {} : { namespace }) }
    await expect(async () => world.client.delete(ref)).rejects.toThrow('Pod web needs a namespace')
    await expect(async () => world.client.delete({ ...ref, namespace: 'shop', name: '' })).rejects.toThrow(
      'needs a name',
    )
    expect(world.server.requests).toEqual([])
  })

  test('does calls that are not about objects', async () => {
    await using world = await startWorld()
    world.server.answerOnce({ status: 200, body: { gitVersion: 'v1.33.1' } }, ({ path }) => path === '/version')
    expect(await world.client.request({ method: 'GET', path: '/version' })).toEqual({ gitVersion: 'v1.33.1' })
  })
})

describe('a call that is refused', () => {
  test('is made again after the time that the server asks for', async () => {
    await using world = await startWorld()
    world.server.answerOnce({ status: 429, headers: { 'retry-after': '3' }, body: 'slow down' })
    const got = world.client.get(WEB)
    await eventually(() => expect(world.clock.waiting).toBe(2))
    await world.clock.advanceAsync(3000)
    expect(await got).toBeUndefined()
    expect(world.server.requests).toHaveLength(2)
  })

  test('is given up at once when the wait is longer than its deadline', async () => {
    await using world = await startWorld({ deadlineMs: 2000 })
    world.server.answerOnce({ status: 503, headers: { 'retry-after': '3' }, body: 'starting' })
    await expect(world.client.get(WEB)).rejects.toMatchObject({ status: 503, message: 'starting' })
  })

  test('is not made again when it might be done twice', async () => {
    await using world = await startWorld()
    world.server.answerOnce({ status: 503, headers: { 'retry-after': '1' } })
    await expect(world.client.create(DEPLOYMENTS, web())).rejects.toMatchObject({ status: 503 })
  })

  test('is made five times at most', async () => {
    await using world = await startWorld()
    world.server.addRule(() => ({ status: 429, headers: { 'retry-after': '0' } }))
    await expect(world.client.get(WEB)).rejects.toMatchObject({ status: 429, reason: 'TooManyRequests' })
    expect(world.server.requests).toHaveLength(5)
  })

  test('is made once more with new credentials when the old ones are not accepted', async () => {
    await using world = await startWorld()
    let token = 'old'
    const access = {
      ...world.server.access,
      credentials: async () => ({
        ...(await world.server.access.credentials()),
        headers: { Authorization: `Bearer ${token}` },
      }),
      forgetCredentials() {
        token = 'new'
      },
    }
    world.server.addRule(({ headers }) => (headers.authorization === 'Bearer new' ? undefined : { status: 401 }))
    expect(await createKubeClient(access).get(WEB)).toBeUndefined()
    token = 'revoked'
    const refused = createKubeClient({ ...access, forgetCredentials() {} }).get(WEB)
    await expect(refused).rejects.toMatchObject({ status: 401, reason: 'Unauthorized' })
  })
})

describe('a call without a usable answer', () => {
  test('ends at its deadline', async () => {
    await using world = await startWorld({ deadlineMs: 5000 })
    world.server.answerOnce('hang')
    const got = world.client.get(WEB)
    const told = expect(got).rejects.toMatchObject({ name: 'KubeTransportError', reason: 'deadline' })
    await eventually(() => expect(world.server.requests).toHaveLength(1))
    world.clock.advance(5000)
    await told
  })

  test('ends when the caller gives up', async () => {
    await using world = await startWorld()
    world.server.answerOnce('hang')
    const giveUp = new AbortController()
    const got = world.client.request({ method: 'GET', path: '/version', signal: giveUp.signal })
    const told = expect(got).rejects.toMatchObject({ reason: 'aborted' })
    await eventually(() => expect(world.server.requests).toHaveLength(1))
    giveUp.abort()
    await told
    expect(world.clock.waiting).toBe(0)
  })

  test('fails where nobody listens', async () => {
    const server = await startFakeApiServer()
    const client = createKubeClient(server.access)
    await server[Symbol.asyncDispose]()
    await expect(client.get(WEB)).rejects.toMatchObject({ name: 'KubeTransportError', reason: 'connection' })
  })

  test('replaces a kept connection that turns out to be closed, but not for what might be done twice', async () => {
    await using world = await startWorld()
    await world.client.get(WEB)
    world.server.answerOnce('cut')
    expect(await world.client.get(WEB)).toBeUndefined()
    world.server.answerOnce('cut')
    await expect(world.client.create(DEPLOYMENTS, web())).rejects.toMatchObject({ reason: 'connection' })
  })

  test('does not read more than it may', async () => {
    await using world = await startWorld({ maxAnswerBytes: 1000 })
    world.server.answerOnce({ status: 200, body: 'x'.repeat(1001) })
    await expect(world.client.get(WEB)).rejects.toMatchObject({ reason: 'answer_too_large' })
  })

  test('does not take a page of some proxy for an object', async () => {
    await using world = await startWorld()
    world.server.answerOnce({ status: 200, body: '<html>' })
    await expect(world.client.get(WEB)).rejects.toMatchObject({ reason: 'not_json' })
    world.server.answerOnce({ status: 502, body: '<html>' })
    await expect(world.client.get(WEB)).rejects.toMatchObject({ name: 'KubeError', status: 502, message: '<html>' })
  })
})

test('calls above the rate wait for their turn', async () => {
  await using world = await startWorld({ perSecond: 10, burst: 2 })
  const calls = [1, 2, 3, 4].map(() => world.client.get(WEB))
  await Promise.all(calls.slice(0, 2))
  expect(world.server.requests).toHaveLength(2)
  await world.clock.advanceAsync(100)
  await calls[2]
  expect(world.server.requests).toHaveLength(3)
  await world.clock.advanceAsync(100)
  await calls[3]
})

describe('watch()', () => {
  test('tells changes and bookmarks in their order until the server ends it', async () => {
    await using world = await startWorld()
    const { resourceVersion } = await world.client.list(DEPLOYMENTS)
    const created = await world.client.create<Deployment>(DEPLOYMENTS, web({ replicas: 1 }))
    const events: string[] = []
    const done = (async () => {
      const watch = world.client.watch(DEPLOYMENTS, { resourceVersion }, new AbortController().signal)
      for await (const { type, object } of watch) events.push(`${type} ${object.metadata.resourceVersion}`)
    })()
    await eventually(() => expect(world.server.watches).toBe(1))
    await world.client.update(DEPLOYMENTS, { ...created, spec: { replicas: 2 } })
    world.server.sendBookmarks()
    await world.client.delete(WEB)
    await eventually(() => expect(events).toHaveLength(4))
    world.server.endWatches()
    await done
    expect(events).toEqual(['ADDED 101', 'MODIFIED 102', 'BOOKMARK 102', 'DELETED 103'])
  })

  test.each([
    { name: 'a forgotten version', rule: undefined, version: '1', error: { status: 410, reason: 'Expired' } },
    { name: 'a refusal', rule: { status: 403 }, version: '100', error: { status: 403, reason: 'Forbidden' } },
    { name: 'a cut', rule: 'cut' as const, version: '100', error: { reason: 'connection' } },
    { name: 'garbage', rule: { status: 200, body: 'x\n' }, version: '100', error: { reason: 'not_json' } },
  ])('fails at $name', async ({ rule, version, error }) => {
    await using world = await startWorld()
    if (rule !== undefined) world.server.answerOnce(rule)
    const watch = world.client.watch(PODS, { resourceVersion: version }, new AbortController().signal)
    await expect(all(watch)).rejects.toMatchObject(error)
    expect(world.clock.waiting).toBe(0)
  })

  test('fails when nothing comes for too long, and not before', async () => {
    await using world = await startWorld()
    const options = { resourceVersion: '100', silenceMs: 60_000 }
    const watch = world.client.watch(PODS, options, new AbortController().signal)[Symbol.asyncIterator]()
    const first = watch.next()
    await eventually(() => expect(world.server.watches).toBe(1))
    world.clock.advance(59_000)
    world.server.sendBookmarks()
    expect((await first).value).toMatchObject({ type: 'BOOKMARK' })
    const second = watch.next()
    const told = expect(second).rejects.toMatchObject({ reason: 'deadline' })
    world.clock.advance(59_000)
    world.clock.advance(1000)
    await told
  })

  test('ends when it is no longer wanted', async () => {
    await using world = await startWorld()
    const unwanted = new AbortController()
    const ended = all(world.client.watch(PODS, { resourceVersion: '100' }, unwanted.signal))
    const told = expect(ended).rejects.toMatchObject({ reason: 'aborted' })
    await eventually(() => expect(world.server.watches).toBe(1))
    unwanted.abort()
    await told
    await eventually(() => expect(world.server.watches).toBe(0))
  })

  test('does not hold a line that is too long', async () => {
    await using world = await startWorld({ maxAnswerBytes: 1000 })
    const watch = all(world.client.watch(PODS, { resourceVersion: '100' }, new AbortController().signal))
    const told = expect(watch).rejects.toMatchObject({ reason: 'answer_too_large' })
    await eventually(() => expect(world.server.watches).toBe(1))
    world.server.sendLine('x'.repeat(1001))
    await told
  })
})
