import { create } from '@bufbuild/protobuf'
import { Code } from '@connectrpc/connect'
import { State, SubscriptionSchema, type WatchResponse } from '@heddle/api/discovery'
import { describe, expect, test } from 'vitest'
import { callerFor, discoveryWorld, nodeOf, StreamReader, summarize, versionIn } from '../../test/discovery-world.ts'
import { parseObjects, serviceYaml } from '../../test/mesh-objects.ts'
import { givenHttpRoute } from '../model/model-fixture.ts'

const SHOP = serviceYaml('web') + serviceYaml('cart')
const CART = 'name:cart.shop:80'

/** web-0 is connected and has read its first message, with cart-0 behind the Service that it holds. */
async function connectedWorld() {
  const world = discoveryWorld(SHOP)
  const cart = world.open(nodeOf('cart'))
  const reader = new StreamReader(world.open(nodeOf('web'), { [CART]: '' }), world.clock)
  const first = await reader.message()
  // What the registrations themselves changed is over, so that tests see their own changes only.
  expect(await reader.next(50)).toBeUndefined()
  return { ...world, cart, reader, first }
}

describe('a stream', () => {
  test('begins with all that was asked for, the trust bundle, its name and its own ports', async () => {
    const { first, reader } = await connectedWorld()
    expect(first).toMatchObject({ streamId: reader.stream.id, sequence: 1n, trustBundlePem: 'BUNDLE 1' })
    expect(first.inbound?.ports.map(({ port }) => port)).toEqual([8080])
    expect(summarize(first)).toEqual([`${CART} whole=shop/cart-0:8080`])
  })

  test('tells of one more endpoint by that endpoint alone', async () => {
    const { open, reader } = await connectedWorld()
    open(nodeOf('cart', 1))
    const message = await reader.message(50)
    expect(summarize(message)).toEqual([`${CART} delta +shop/cart-1:8080 -`])
    expect(message).toMatchObject({ sequence: 2n, streamId: '', trustBundlePem: '' })
    expect(message.inbound).toBeUndefined()
  })

  test('tells many changes in a short time at once', async () => {
    const { open, reader } = await connectedWorld()
    for (let at = 1; at <= 5; at++) open(nodeOf('cart', at))
    const added = [1, 2, 3, 4, 5].map((at) => `shop/cart-${at}:8080`)
    expect(summarize(await reader.message(50))).toEqual([`${CART} delta +${added} -`])
  })

  test('says nothing of what it did not ask for', async () => {
    const { open, model, reader } = await connectedWorld()
    model.applyObjects({ upserted: parseObjects(serviceYaml('stock')), removed: [] })
    open(nodeOf('stock'))
    expect(await reader.next(1_000)).toBeUndefined()
  })

  test('is not told again what it holds already: a return with equal versions is silent', async () => {
    const { open, clock, first } = await connectedWorld()
    const again = new StreamReader(open(nodeOf('web'), { [CART]: versionIn(first) }), clock)
    expect(summarize(await again.message())).toEqual([])
  })

  test('is told the whole when it holds another version', async () => {
    const { open, clock } = await connectedWorld()
    const again = new StreamReader(open(nodeOf('web'), { [CART]: 'of another time' }), clock)
    expect(summarize(await again.message())).toEqual([`${CART} whole=shop/cart-0:8080`])
  })

  test('gets what it subscribes to later, and no more what it gave up', async () => {
    const { hub, open, reader } = await connectedWorld()
    hub.changeSubscriptions(reader.stream, [create(SubscriptionSchema, { key: 'address:192.0.2.1:443' })], [])
    expect(summarize(await reader.message())).toEqual(['address:192.0.2.1:443 whole=unmeshed'])
    hub.changeSubscriptions(reader.stream, [], [CART])
    open(nodeOf('cart', 1))
    expect(await reader.next(1_000)).toBeUndefined()
    expect(hub.keyCount).toBe(1)
  })

  test('gets a heartbeat after ten silent seconds, without a number', async () => {
    const { reader } = await connectedWorld()
    expect(await reader.next(9_999)).toBeUndefined()
    expect(await reader.message(1)).toMatchObject({ sequence: 0n, updates: [] })
    expect(reader.stream.sequenceSent).toBe(1n)
  })

  test('that reads slowly gets the newest state, not the steps to it', async () => {
    const { open, hub, clock, reader } = await connectedWorld()
    const second = open(nodeOf('cart', 1))
    await clock.advanceAsync(50)
    hub.close(second, 'disconnected')
    await clock.advanceAsync(5_000)
    open(nodeOf('cart', 2))
    await clock.advanceAsync(50)
    expect(summarize(await reader.message())).toEqual([`${CART} delta +shop/cart-1:8080 -`])
    hub.close(open(nodeOf('cart', 3)), 'disconnected')
    await clock.advanceAsync(5_000)
    expect(summarize(await reader.message())).toEqual([`${CART} delta +shop/cart-2:8080 -shop/cart-1:8080`])
    expect(await reader.next()).toBeUndefined()
  })

  test('is cut when its proxy takes nothing for a minute', async () => {
    const { clock, hub, model } = discoveryWorld(SHOP)
    const caller = callerFor(nodeOf('web'))
    const stream = hub.open({ node: nodeOf('web'), subscriptions: [], healthy: true }, caller)
    void stream.messages().next()
    await clock.advanceAsync(75_000)
    expect(stream.ended).toBe('stuck')
    expect(caller.cuts).toBe(1)
    await clock.advanceAsync(3_000)
    expect(model.instances('shop')).toEqual([])
  })

  test('is not cut when the clock on the wall is set forward while it takes a message', async () => {
    const { clock, hub } = discoveryWorld(SHOP)
    const stream = hub.open({ node: nodeOf('web'), subscriptions: [], healthy: true }, callerFor(nodeOf('web')))
    void stream.messages().next()
    clock.setWall(600_000)
    await clock.advanceAsync(15_000)
    expect(stream.ended).toBeUndefined()
  })

  test('ends with the certificate that opened it', async () => {
    const { clock, hub } = discoveryWorld(SHOP)
    const caller = { ...callerFor(nodeOf('web')), notAfterMs: clock.nowMs() + 60_000 }
    const reader = new StreamReader(hub.open({ node: nodeOf('web'), subscriptions: [], healthy: true }, caller), clock)
    await reader.message()
    expect(await reader.next(50)).toBeUndefined()
    for (let at = 0; at < 5; at++) expect(await reader.message(10_000)).toMatchObject({ sequence: 0n })
    expect(reader.stream.ended).toBeUndefined()
    await clock.advanceAsync(20_000)
    expect(reader.stream.ended).toBe('certificate expired')
  })

  test('is told of a new trust bundle', async () => {
    const { reader, setBundle } = await connectedWorld()
    setBundle('BUNDLE 2')
    expect(await reader.message()).toMatchObject({ trustBundlePem: 'BUNDLE 2', sequence: 2n })
  })

  test('is told when the protocol of its own port changes', async () => {
    const { model, reader } = await connectedWorld()
    const yaml = serviceYaml('web').replace('name: http, port: 8080', 'name: http, port: 8080, appProtocol: http')
    model.applyObjects({ upserted: parseObjects(yaml), removed: [] })
    expect((await reader.message(50)).inbound?.ports).toMatchObject([{ port: 8080, protocol: 1 }])
  })

  test('knows what was applied, and after a refusal sends the whole and no delta', async () => {
    const { hub, open, reader } = await connectedWorld()
    hub.acknowledge(reader.stream, 1n, [])
    open(nodeOf('cart', 1))
    await reader.message(50)
    hub.acknowledge(reader.stream, 2n, ['endpoint has no address'])
    expect(reader.stream).toMatchObject({
      sequenceSent: 2n,
      sequenceApplied: 1n,
      problems: ['endpoint has no address'],
    })
    open(nodeOf('cart', 2))
    const ids = 'shop/cart-0:8080,shop/cart-1:8080,shop/cart-2:8080'
    expect(summarize(await reader.message(50))).toEqual([`${CART} whole=${ids}`])
    hub.acknowledge(reader.stream, 3n, [])
    expect(reader.stream).toMatchObject({ sequenceApplied: 3n, problems: [] })
  })

  test('is remembered to have said no more than a person reads', async () => {
    const { hub, model, cart } = await connectedWorld()
    void cart.messages().next()
    const long = 'x'.repeat(100_000)
    hub.acknowledge(
      cart,
      1n,
      Array.from({ length: 100 }, () => long),
    )
    hub.setState(cart.id, callerFor(nodeOf('cart')), { state: State.UNHEALTHY, reason: long })
    expect(cart.problems.join('').length).toBeLessThan(20_000)
    expect(cart.problems.at(-1)).toBe('and 84 more')
    expect(model.inbound(nodeOf('cart')).instance?.reason.length).toBeLessThan(1_100)
  })

  test('of an instance ends when the instance opens another, without a change for others', async () => {
    const { clock, open, cart, reader } = await connectedWorld()
    const old = new StreamReader(cart, clock)
    await old.message()
    open(nodeOf('cart'))
    expect(await old.next()).toBe('end')
    expect(cart.ended).toBe('replaced')
    expect(await reader.next(5_000)).toBeUndefined()
  })
})

test('a route of one namespace is told to its clients alone, and one for all to all others', async () => {
  const { hub, model, clock, open } = discoveryWorld(SHOP)
  const other = { ...nodeOf('web', 7), namespace: 'other' }
  const readers = [new StreamReader(open(nodeOf('web'), { [CART]: '' }), clock)]
  readers.push(new StreamReader(open(other, { [CART]: '' }), clock))
  const [inShop, inOther] = readers as [StreamReader, StreamReader]
  for (const reader of readers) {
    await reader.message()
    expect(await reader.next(50)).toBeUndefined()
  }
  const forOther = givenHttpRoute({ name: 'mine', namespace: 'other', parent: 'cart', backends: [] })
  model.applyObjects({ upserted: [forOther], removed: [] })
  expect(routesIn(await inOther.message(50))).toEqual(['other/mine'])
  expect(await inShop.next()).toBeUndefined()
  model.applyObjects({ upserted: [givenHttpRoute({ name: 'all', parent: 'cart', backends: [] })], removed: [] })
  expect(routesIn(await inShop.message(50))).toEqual(['shop/all'])
  expect(await inOther.next()).toBeUndefined()
  expect(hub.keyCount).toBe(1)
  model.applyObjects({ upserted: [], removed: [{ kind: 'HTTPRoute', namespace: 'other', name: 'mine' }] })
  expect(routesIn(await inOther.message(50))).toEqual(['shop/all'])
  expect(await inShop.next()).toBeUndefined()
})

test('a proxy has applied a revision when it has acknowledged all that came of it', async () => {
  const { hub, model, reader } = await connectedWorld()
  hub.acknowledge(reader.stream, 1n, [])
  expect(reader.stream.appliedRevision).toBe(model.revision)
  const before = model.revision
  model.applyObjects({ upserted: [givenHttpRoute({ name: 'all', parent: 'cart', backends: [] })], removed: [] })
  expect(reader.stream.appliedRevision).toBe(before)
  await reader.message(50)
  hub.acknowledge(reader.stream, 2n, ['no'])
  expect([reader.stream.appliedRevision, reader.stream.problems]).toEqual([before, ['no']])
  model.applyObjects({ upserted: parseObjects(serviceYaml('stock')), removed: [] })
  expect(await reader.next(50)).toBeUndefined()
  expect(reader.stream.appliedRevision).toBe(before)
  model.applyObjects({ upserted: [givenHttpRoute({ name: 'more', parent: 'cart', backends: [] })], removed: [] })
  await reader.message(50)
  hub.acknowledge(reader.stream, 3n, [])
  expect([reader.stream.appliedRevision, reader.stream.problems]).toEqual([model.revision, []])
})

function routesIn({ updates }: WatchResponse): string[] {
  const target = updates[0]?.change.case === 'destination' ? updates[0].change.value.target : undefined
  return target?.case === 'service' ? target.value.routes.map(({ namespace, name }) => `${namespace}/${name}`) : []
}

describe('an instance', () => {
  test('that loses its stream keeps its endpoints for three seconds', async () => {
    const { hub, cart, reader } = await connectedWorld()
    hub.close(cart, 'disconnected')
    expect(await reader.next(2_999)).toBeUndefined()
    expect(summarize(await reader.message(51))).toEqual([`${CART} delta + -shop/cart-0:8080`])
  })

  test('that comes back within that time changes nothing for others', async () => {
    const { hub, open, cart, reader } = await connectedWorld()
    hub.close(cart, 'disconnected')
    expect(await reader.next(2_000)).toBeUndefined()
    open(nodeOf('cart'))
    expect(await reader.next(7_000)).toBeUndefined()
  })

  test('that drains is gone at once for others, and for good when its stream ends', async () => {
    const { hub, model, cart, reader } = await connectedWorld()
    hub.setState(cart.id, callerFor(nodeOf('cart')), { state: State.DRAINING, reason: 'stopping' })
    expect(summarize(await reader.message())).toEqual([`${CART} delta + -shop/cart-0:8080`])
    hub.close(cart, 'disconnected')
    expect(model.registrations().map(({ node }) => node.instance)).toEqual(['web-0'])
  })

  test('that is not healthy gets no traffic until it is', async () => {
    const { hub, cart, reader } = await connectedWorld()
    const caller = callerFor(nodeOf('cart'))
    hub.setState(cart.id, caller, { state: State.UNHEALTHY, reason: 'health check: status 500' })
    expect(summarize(await reader.message(50))).toEqual([`${CART} delta + -shop/cart-0:8080`])
    hub.setState(cart.id, caller, { state: State.READY, reason: '' })
    expect(summarize(await reader.message(50))).toEqual([`${CART} whole=shop/cart-0:8080`])
  })

  test('stays registered when the control plane stops', async () => {
    const { hub, clock, model, reader } = await connectedWorld()
    hub.stop()
    expect(await reader.next()).toBe('end')
    await clock.advanceAsync(60_000)
    expect(
      model
        .registrations()
        .map(({ node }) => node.instance)
        .sort(),
    ).toEqual(['cart-0', 'web-0'])
  })
})

describe('open() refuses', () => {
  test.each([
    { name: 'another service account', caller: { serviceAccount: 'cart' }, code: Code.PermissionDenied },
    { name: 'another namespace', caller: { namespace: 'other' }, code: Code.PermissionDenied },
  ])('$name than the certificate has', ({ caller, code }) => {
    const { hub, model } = discoveryWorld(SHOP)
    const node = nodeOf('web')
    const open = () => hub.open({ node, subscriptions: [], healthy: true }, { ...callerFor(node), ...caller })
    expect(open).toThrow(expect.objectContaining({ code }))
    expect(model.instances('')).toEqual([])
  })

  test('a workload of another service account, and a name that another account has', () => {
    const { open } = discoveryWorld(SHOP)
    const wrong = { ...nodeOf('web'), serviceAccount: 'cart' }
    expect(() => open(wrong)).toThrow(expect.objectContaining({ code: Code.FailedPrecondition }))
    open({ ...nodeOf('first'), instance: 'one' })
    const thief = { ...nodeOf('second'), instance: 'one' }
    expect(() => open(thief)).toThrow(expect.objectContaining({ code: Code.AlreadyExists }))
  })

  test('more streams of one identity than the limit, but not the return of an instance', () => {
    const { open, hub } = discoveryWorld(SHOP, { limits: { subscriptionsPerStream: 2, streamsPerIdentity: 2 } })
    open(nodeOf('web', 0))
    open(nodeOf('web', 1))
    expect(() => open(nodeOf('web', 2))).toThrow(expect.objectContaining({ code: Code.ResourceExhausted }))
    open(nodeOf('web', 1))
    open(nodeOf('cart', 0))
    expect(hub.streamCount).toBe(3)
  })

  test('more subscriptions than the limit, also later, and leaves nothing behind', () => {
    const { open, hub, model } = discoveryWorld(SHOP, { limits: { subscriptionsPerStream: 2, streamsPerIdentity: 2 } })
    const tooMany = { 'name:a.shop:1': '', 'name:b.shop:1': '', 'name:c.shop:1': '' }
    expect(() => open(nodeOf('web'), tooMany)).toThrow(expect.objectContaining({ code: Code.ResourceExhausted }))
    expect([hub.keyCount, hub.streamCount, model.instances('').length]).toEqual([0, 0, 0])
    const stream = open(nodeOf('web'), { 'name:a.shop:1': '', 'name:b.shop:1': '' })
    const one = create(SubscriptionSchema, { key: 'name:c.shop:1' })
    expect(() => hub.changeSubscriptions(stream, [one], [])).toThrow('at most 2')
    hub.changeSubscriptions(stream, [one], ['name:a.shop:1'])
    expect(hub.keyCount).toBe(2)
  })

  test('calls about a stream by another identity, or about none', () => {
    const { open, hub } = discoveryWorld(SHOP)
    const stream = open(nodeOf('web'))
    const stranger = callerFor(nodeOf('cart'))
    expect(() => hub.stream(stream.id, stranger)).toThrow(expect.objectContaining({ code: Code.PermissionDenied }))
    expect(() => hub.stream('gone', stranger)).toThrow(expect.objectContaining({ code: Code.NotFound }))
  })
})

test('nothing is kept of streams that are gone', async () => {
  const { hub, clock, reader, cart, end } = await connectedWorld()
  hub.close(reader.stream, 'disconnected')
  hub.close(cart, 'disconnected')
  expect([hub.keyCount, hub.streamCount]).toEqual([0, 0])
  await reader.next()
  await clock.advanceAsync(3_000)
  end()
  expect(clock.waiting).toBe(0)
})
