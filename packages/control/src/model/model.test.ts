import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test } from 'vitest'
import { applyDelta } from '../../test/apply-delta.ts'
import { deltaOf } from '../translate/delta.ts'
import { translateDestination } from '../translate/destination.ts'
import { createModel, type Model, type ModelChange } from './model.ts'
import { givenNode, givenService, givenWorkload } from './model-fixture.ts'

const KEY = 'name:web.shop:80'

function world() {
  const clock = new ManualClock()
  const model = createModel({ clock, graceMs: 5_000 })
  model.applyObjects({ upserted: [givenService('web'), givenWorkload('web')], removed: [] })
  const changes: ModelChange[] = []
  model.onChange((change) => changes.push(change), new AbortController().signal)
  const register = (instance: string, address: string, owner = 'a') => {
    return model.applyRegistration({ node: givenNode('web', instance, address), owner, state: 'ready' })
  }
  return { clock, model, changes, register }
}

function endpointsOf(model: Model, key = KEY): string[] {
  const { target } = translateDestination(model.resolve(key), { trustDomain: 'heddle.local' })
  return target.case === 'service' ? target.value.endpoints.map(({ id }) => id) : []
}

const WEB_0 = { namespace: 'shop', instance: 'web-0' }

describe('a registration', () => {
  test('brings its endpoint, and names what it concerns and nothing else', () => {
    const { model, changes, register } = world()
    model.applyObjects({ upserted: [givenService('other'), givenWorkload('other')], removed: [] })
    changes.length = 0
    expect(register('web-0', '10.1.0.2')).toEqual({ kind: 'accepted' })
    expect(endpointsOf(model)).toEqual(['shop/web-0:8080'])
    const { clusterIps } = model.services('shop').find(({ service }) => service.metadata.name === 'web')!
    const expected = [
      'inbound:shop/web-0',
      'address:10.1.0.2',
      'service:shop/web',
      ...clusterIps.map((ip) => `address:${ip}`),
    ]
    expect(changes.map(({ topics }) => [...topics].sort())).toEqual([expected.sort()])
  })

  test('that comes again with the same content changes nothing', () => {
    const { register, changes } = world()
    register('web-0', '10.1.0.2')
    changes.length = 0
    register('web-0', '10.1.0.2', 'b')
    expect(changes).toEqual([])
  })

  test('stays for the grace after its stream ended, then goes', () => {
    const { model, clock, register } = world()
    register('web-0', '10.1.0.2')
    model.disconnectRegistration(WEB_0, 'a')
    clock.advance(4_999)
    expect(endpointsOf(model)).toEqual(['shop/web-0:8080'])
    clock.advance(1)
    expect(endpointsOf(model)).toEqual([])
    expect(model.registrations()).toEqual([])
  })

  test('that is renewed within the grace stays', () => {
    const { model, clock, register } = world()
    register('web-0', '10.1.0.2')
    model.disconnectRegistration(WEB_0, 'a')
    register('web-0', '10.1.0.2', 'b')
    clock.advance(60_000)
    expect(endpointsOf(model)).toEqual(['shop/web-0:8080'])
    expect(clock.waiting).toBe(0)
  })

  test('belongs to the newest stream: what an older one says is not heard', () => {
    const { model, clock, register } = world()
    register('web-0', '10.1.0.2', 'old')
    register('web-0', '10.1.0.2', 'new')
    model.disconnectRegistration(WEB_0, 'old')
    model.removeRegistration(WEB_0, 'old')
    model.setHealth(WEB_0, 'old', { state: 'draining', reason: 'ends' })
    clock.advance(60_000)
    expect(endpointsOf(model)).toEqual(['shop/web-0:8080'])
    model.removeRegistration(WEB_0, 'new')
    expect(endpointsOf(model)).toEqual([])
  })

  test('restored after a restart waits for its proxy, and does not push out one that is there', () => {
    const { model, clock, register } = world()
    const node = givenNode('web', 'web-0', '10.1.0.2')
    expect(model.applyRegistration({ node, owner: '', state: 'ready' })).toEqual({ kind: 'accepted' })
    clock.advance(60_000)
    expect(endpointsOf(model)).toEqual(['shop/web-0:8080'])
    register('web-0', '10.1.0.2')
    expect(model.applyRegistration({ node, owner: '', state: 'ready' })).toEqual({
      kind: 'refused',
      reason: 'shop/web-0 is connected',
    })
    model.removeRegistration(WEB_0, '')
    expect(endpointsOf(model)).toEqual(['shop/web-0:8080'])
  })

  test('at the address of one that is connected is refused; of one that is gone, takes its place', () => {
    const { model, register } = world()
    register('web-0', '10.1.0.2')
    expect(register('web-1', '10.1.0.2', 'b')).toEqual({
      kind: 'refused',
      reason: '10.1.0.2 port 8080 is in use by the instance shop/web-0',
    })
    model.disconnectRegistration(WEB_0, 'a')
    expect(register('web-1', '10.1.0.2', 'b')).toEqual({ kind: 'accepted' })
    expect(endpointsOf(model)).toEqual(['shop/web-1:8080'])
  })

  test('that moved is found at its new address only', () => {
    const { model, register } = world()
    register('web-0', '10.1.0.2')
    register('web-0', '10.1.0.3')
    expect(model.resolve('address:10.1.0.2:8080').kind).toBe('unmeshed')
    expect(model.resolve('address:10.1.0.3:8080').kind).toBe('endpoint')
    expect(register('web-1', '10.1.0.2', 'b')).toEqual({ kind: 'accepted' })
  })
})

describe('health', () => {
  test('takes an instance out and brings it back', () => {
    const { model, register } = world()
    register('web-0', '10.1.0.2')
    register('web-1', '10.1.0.3')
    model.setHealth(WEB_0, 'a', { state: 'unhealthy', reason: 'GET /healthz answered 500' })
    expect(endpointsOf(model)).toEqual(['shop/web-1:8080'])
    expect(model.instances('shop')).toMatchObject([
      { state: 'unhealthy', reason: 'GET /healthz answered 500' },
      { state: 'ready' },
    ])
    model.setHealth(WEB_0, 'a', { state: 'ready', reason: '' })
    expect(endpointsOf(model)).toEqual(['shop/web-0:8080', 'shop/web-1:8080'])
  })

  test('of an entry of addresses is whatever was said last, and forgotten with the entry', () => {
    const { model } = world()
    const db = givenWorkload('web', { addresses: ['192.0.2.7'] })
    model.applyObjects({ upserted: [db], removed: [] })
    model.setHealth(WEB_0, '', { state: 'unhealthy', reason: 'no answer' })
    expect(endpointsOf(model)).toEqual([])
    model.applyObjects({
      upserted: [givenWorkload('web', { addresses: ['192.0.2.7'], locality: { region: 'eu', zone: '' } })],
      removed: [],
    })
    expect(endpointsOf(model)).toEqual([])
    model.applyObjects({ upserted: [], removed: [{ kind: 'Workload', namespace: 'shop', name: 'web' }] })
    model.applyObjects({ upserted: [db], removed: [] })
    expect(endpointsOf(model)).toEqual(['shop/web-0:8080'])
  })

  test('of an instance that nobody knows changes nothing', () => {
    const { model, changes } = world()
    model.setHealth({ namespace: 'shop', instance: 'none' }, '', { state: 'unhealthy', reason: 'x' })
    expect(changes).toEqual([])
  })
})

describe('objects', () => {
  test('new labels of a Workload move its instances to other Services, both of which are named', () => {
    const { model, changes, register } = world()
    register('web-0', '10.1.0.2')
    model.applyObjects({ upserted: [givenService('blue', { selector: { colour: 'blue' } })], removed: [] })
    changes.length = 0
    model.applyObjects({ upserted: [givenWorkload('web', { labels: { colour: 'blue' } })], removed: [] })
    expect(endpointsOf(model)).toEqual([])
    expect(endpointsOf(model, 'name:blue.shop:80')).toEqual(['shop/web-0:8080'])
    const topics = changes.flatMap((change) => [...change.topics])
    expect(topics).toContain('service:shop/web')
    expect(topics).toContain('service:shop/blue')
    expect(topics).toContain('inbound:shop/web-0')
  })

  test('a removed Service is not found any more, neither by name nor by address', () => {
    const { model, changes } = world()
    const [{ clusterIps } = { clusterIps: [] }] = model.services('shop')
    model.applyObjects({ upserted: [], removed: [{ kind: 'Service', namespace: 'shop', name: 'web' }] })
    expect(model.resolve(KEY)).toEqual({ kind: 'missing', reason: 'there is no Service web in namespace shop' })
    expect(
      clusterIps.map((address) => model.resolve(`address:${address.includes(':') ? `[${address}]` : address}:80`).kind),
    ).toEqual(['missing', 'missing'])
    expect([...changes[0]!.topics]).toEqual(['service:shop/web', ...clusterIps.map((ip) => `address:${ip}`)])
    expect(model.services('')).toEqual([])
  })

  test('a listener hears nothing after its signal', () => {
    const { model } = world()
    const ended = new AbortController()
    let heard = 0
    model.onChange(() => heard++, ended.signal)
    model.applyObjects({ upserted: [givenService('a')], removed: [] })
    ended.abort()
    model.applyObjects({ upserted: [givenService('b')], removed: [] })
    expect(heard).toBe(1)
  })

  test('of all kinds are found, sorted, by namespace or all', () => {
    const { model } = world()
    const namespace = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', namespace: '', labels: {}, annotations: {} },
    } as const
    model.applyObjects({ upserted: [givenService('a'), givenWorkload('a'), namespace], removed: [] })
    expect(model.services('').map(({ service }) => service.metadata.name)).toEqual(['a', 'web'])
    expect(model.workloads('shop').map(({ metadata }) => metadata.name)).toEqual(['a', 'web'])
    expect(model.services('other')).toEqual([])
    expect(model.object('Namespace', '', 'shop')).toBe(namespace)
    expect(model.object('Service', 'shop', 'none')).toBeUndefined()
  })
})

test('one change among ten thousand endpoints costs a delta of one', () => {
  const { model } = world()
  for (let i = 0; i < 10_000; i++) {
    const node = givenNode('web', `web-${i}`, `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
    expect(model.applyRegistration({ node, owner: 'a', state: 'ready' }).kind).toBe('accepted')
  }
  const before = translateDestination(model.resolve(KEY), { trustDomain: 'heddle.local' })
  model.setHealth({ namespace: 'shop', instance: 'web-5000' }, 'a', { state: 'unhealthy', reason: 'x' })
  const after = translateDestination(model.resolve(KEY), { trustDomain: 'heddle.local' })
  const delta = deltaOf(before, after)!
  expect(delta.upsertedEndpoints).toEqual([])
  expect(delta.removedEndpointIds).toEqual(['shop/web-5000:8080'])
  expect(applyDelta(before, delta)).toEqual(after)
})
