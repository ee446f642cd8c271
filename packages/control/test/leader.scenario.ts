import { CONFIG_MAPS, HTTP_ROUTES, MUTATING_WEBHOOKS, SECRETS, VALIDATING_WEBHOOKS } from '@heddle/kube/resources'
import { describe, expect, test, vi } from 'vitest'
import type { Replica, ReplicaWorld } from './replica-world.ts'
import { beforeEachTwoReplicas, LIMIT, type TwoReplicas } from './two-replicas.ts'

const CART = 'name:cart.shop:80'

let two: TwoReplicas
let world: ReplicaWorld
let one: Replica
let other: Replica
beforeEachTwoReplicas((started) => {
  two = started
  ;({ world, one, other } = started)
})

describe('the leader', () => {
  const bundle = { resource: CONFIG_MAPS, namespace: 'heddle', name: 'heddle-trust-bundle' }
  const injector = { resource: MUTATING_WEBHOOKS, name: 'heddle-injector' }

  test('says whom to trust, to people and to the API server, and puts right what is wrong', async () => {
    const found = () => world.api.get<{ metadata: { name: string }; data?: Record<string, string> }>(bundle)
    await vi.waitFor(async () => expect((await found())?.data?.['trust-bundle.pem']).toContain('CERTIFICATE'), LIMIT)
    const pem = (await found())!.data!['trust-bundle.pem']!
    world.api.put({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'heddle-injector', labels: { 'heddle.dev/installation': 'heddle' } },
      webhooks: [
        { name: 'injector.heddle.dev', clientConfig: { service: { name: 'heddle-webhook' }, caBundle: 'eA==' } },
      ],
    })
    const clientConfig = { service: { name: 'heddle-webhook' }, caBundle: Buffer.from(pem).toString('base64') }
    await vi.waitFor(async () => {
      expect(await world.api.get(injector)).toMatchObject({ webhooks: [{ clientConfig }] })
    }, LIMIT)
    const foreign = { webhooks: [{ name: 'validator.heddle.dev', clientConfig: { caBundle: 'eA==' } }] }
    world.api.put({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'heddle-validator', labels: { 'heddle.dev/installation': 'another' } },
      ...foreign,
    })
    world.api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: bundle, data: { 'trust-bundle.pem': 'other' } })
    await vi.waitFor(async () => expect((await found())?.data?.['trust-bundle.pem']).toBe(pem), LIMIT)
    expect(await world.api.get({ resource: VALIDATING_WEBHOOKS, name: 'heddle-validator' })).toMatchObject(foreign)
  })

  test('writes into a route whether the proxies of all replicas have applied it', async () => {
    const web = await world.watch(one, 'web', { keys: [CART] })
    const cart = await world.watch(other, 'cart', { keys: [CART] })
    await Promise.all([two.acknowledge(web), two.acknowledge(cart)])
    const name = { resource: HTTP_ROUTES, namespace: 'shop', name: 'cart' }
    world.api.put({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { namespace: 'shop', name: 'cart' },
      spec: {
        parentRefs: [{ group: '', kind: 'Service', name: 'cart' }],
        rules: [{ backendRefs: [{ name: 'cart', port: 80 }] }],
      },
    })
    const conditions = async (...expected: object[]) => {
      await vi.waitFor(async () => {
        const route = await world.api.get(name)
        expect(route).toMatchObject({
          status: {
            parents: [{ conditions: expect.arrayContaining(expected.map((one) => expect.objectContaining(one))) }],
          },
        })
      }, LIMIT)
    }
    await conditions({ type: 'Accepted', status: 'True' }, { type: 'Programmed', status: 'False' })
    // That of the leader itself is not enough.
    await two.acknowledge(web)
    await conditions({ type: 'Programmed', status: 'False' })
    await two.acknowledge(cart)
    await conditions({ type: 'Programmed', status: 'True' })
    web.end()
    cart.end()
  })

  test('is another when it goes, which goes on with its work', async () => {
    await vi.waitFor(async () => expect(await world.api.get(bundle)).toBeDefined(), LIMIT)
    await world.stop(one)
    const metadata = { namespace: bundle.namespace, name: bundle.name }
    world.api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: {} })
    await vi.waitFor(async () => {
      expect(await world.api.get(bundle)).toMatchObject({
        data: { 'trust-bundle.pem': expect.stringContaining('BEGIN') },
      })
    }, LIMIT)
  })

  test('and who follows share a Secret that comes back when it is removed', async () => {
    const authority = { resource: SECRETS, namespace: 'heddle', name: 'heddle-authority' }
    const before = (await world.api.get<{ metadata: { name: string }; data: object }>(authority))!
    world.api.remove({ apiVersion: 'v1', kind: 'Secret', ...before })
    // What was removed is put back after 5 s.
    await vi.waitFor(async () => expect(await world.api.get(authority)).toMatchObject({ data: before.data }), LIMIT)
  })
})
