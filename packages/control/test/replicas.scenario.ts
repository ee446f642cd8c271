import { Code } from '@connectrpc/connect'
import { ResourceKind } from '@heddle/api/admin'
import { ReplicaService } from '@heddle/api/replica'
import { describe, expect, test, vi } from 'vitest'
import { nextUpdate } from './control-world.ts'
import type { Replica, ReplicaWorld } from './replica-world.ts'
import { beforeEachTwoReplicas, LIMIT, type TwoReplicas } from './two-replicas.ts'

const CART = 'name:cart.shop:80'
const POD = { kind: ResourceKind.POD, namespace: 'shop', name: '' }

let two: TwoReplicas
let world: ReplicaWorld
let one: Replica
let other: Replica
beforeEachTwoReplicas((started) => {
  two = started
  ;({ world, one, other } = started)
})

describe('two replicas', () => {
  test('have one authority: who joined by one is known to the other', async () => {
    const watch = await world.watch(other, 'web', { signer: one, keys: [CART] })
    expect((await nextUpdate(watch)).updates[0]!.key).toBe(CART)
    watch.end()
  })

  test('tell the proxies of both, whichever is asked', async () => {
    const web = await world.watch(one, 'web')
    const cart = await world.watch(other, 'cart')
    await Promise.all([nextUpdate(web), nextUpdate(cart)])
    await two.untilEachSays(async (admin) => {
      const { proxies } = await admin.listProxies({ namespace: 'shop' })
      expect(proxies.map(({ instance, connected }) => [instance, connected])).toEqual([
        ['cart-0', true],
        ['web-0', true],
      ])
    })
    web.end()
    cart.end()
  })

  test('add up what proxies count, also of one that went from one to the other', async () => {
    const first = await world.watch(one, 'web')
    await nextUpdate(first)
    await two.report(one, first, { requests: 10n })
    first.end()
    const second = await world.watch(other, 'web')
    await nextUpdate(second)
    await two.report(other, second, { sequence: 2n, requests: 30n })
    await two.untilEachSays(async (admin) => {
      const { rows } = await admin.stat({ resource: { ...POD, name: 'cart-0' }, from: POD, windowMs: 60_000 })
      // 40 requests in the 4 s that the proxy says it counted, and the connection that its last report has.
      expect(rows).toMatchObject([{ name: 'cart-0', requestsSuccess: 40n, rps: 10, tcpConnections: 1 }])
      const { edges } = await admin.edges({ resource: POD })
      expect(edges).toMatchObject([{ src: 'web-0', dst: 'cart-0', secured: true }])
      const { instances } = await admin.listWorkloads({ namespace: 'shop' })
      expect(instances.find(({ instance }) => instance === 'web-0')).toMatchObject({ serial: 'serial-2' })
    })
    second.end()
  })

  test('say on how many of all proxies a change was applied', async () => {
    const web = await world.watch(one, 'web', { keys: [CART] })
    const cart = await world.watch(other, 'cart', { keys: [CART] })
    await two.acknowledge(web)
    await two.untilEachSays(async (admin) =>
      expect(await admin.getApplied({})).toMatchObject({ proxies: 2, applied: 1, behind: [{ instance: 'cart-0' }] }),
    )
    await two.acknowledge(cart)
    await two.untilEachSays(async (admin) =>
      expect(await admin.getApplied({})).toMatchObject({ proxies: 2, applied: 2, behind: [] }),
    )
    web.end()
    cart.end()
  })

  test('ask the proxies of both about requests', async () => {
    const web = await world.watch(one, 'web')
    const cart = await world.watch(other, 'cart')
    await Promise.all([nextUpdate(web), nextUpdate(cart)])
    await two.untilEachSays(async (admin) => {
      const found = await admin.listDecisions({ waitMs: 100 })
      expect(found).toMatchObject({ asked: 2, silent: ['shop/cart-0', 'shop/web-0'] })
    })
    web.end()
    cart.end()
  })

  test('know of each other, and answer alone when the other is gone', async () => {
    const admin = await world.admin(one)
    await vi.waitFor(async () => {
      const health = await admin.getHealth({})
      expect(health).toMatchObject({ replica: 'heddle-control-1', replicas: [{ problem: '' }] })
    }, LIMIT)
    const cart = await world.watch(other, 'cart')
    await nextUpdate(cart)
    await world.stop(other)
    await vi.waitFor(async () => expect((await admin.getHealth({})).replicas).toEqual([]), LIMIT)
    expect((await admin.listProxies({})).proxies).toEqual([])
  })

  test('answer without one that does not answer, and say so', async () => {
    world.api.put({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { namespace: 'heddle', name: 'dead', labels: { 'kubernetes.io/service-name': 'heddle-control' } },
      addressType: 'IPv4',
      ports: [{ name: 'api', port: 1 }],
      endpoints: [{ addresses: ['127.0.0.9'], targetRef: { name: 'dead' } }],
    })
    const web = await world.watch(other, 'web')
    await nextUpdate(web)
    const admin = await world.admin(one)
    await vi.waitFor(async () => {
      const { replicas } = await admin.getHealth({})
      expect(replicas.map(({ problem }) => problem === '').sort()).toEqual([false, true])
    }, LIMIT)
    await vi.waitFor(async () => expect((await admin.listProxies({})).proxies.length).toBe(1), LIMIT)
    expect(one.logged.join('')).toContain('replica did not answer')
  })

  test('tell nothing to anyone but each other', async () => {
    const tls = await world.certificate(one, 'web')
    for (const client of [{ tls }, {}]) {
      const replica = await world.client(one, ReplicaService, client)
      await expect(replica.listProxies({})).rejects.toMatchObject({ code: Code.PermissionDenied })
    }
  })
})
