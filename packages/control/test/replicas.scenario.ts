import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { connect } from 'node:tls'
import { type Client, Code } from '@connectrpc/connect'
import { type AdminService, ResourceKind } from '@heddle/api/admin'
import { TelemetryService } from '@heddle/api/telemetry'
import { CONFIG_MAPS, HTTP_ROUTES, MUTATING_WEBHOOKS, SECRETS, VALIDATING_WEBHOOKS } from '@heddle/kube/resources'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { nextUpdate, type OpenWatch } from './control-world.ts'
import { createReplicaWorld, type Replica, type ReplicaWorld } from './replica-world.ts'

const CART = 'name:cart.shop:80'
const POD = { kind: ResourceKind.POD, namespace: 'shop', name: '' }
const LIMIT = { timeout: 30_000 }

let world: ReplicaWorld
let one: Replica
let other: Replica
beforeEach(async () => {
  world = await createReplicaWorld()
  for (const workload of ['web', 'cart']) world.addPod(workload)
  world.addService('cart')
  one = await world.start()
  other = await world.start()
})
afterEach(() => world[Symbol.asyncDispose]())

/** Both, so that what is expected of one is expected of each. */
async function admins(): Promise<Client<typeof AdminService>[]> {
  return await Promise.all([one, other].map((replica) => world.admin(replica)))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Only the first message of a stream has its id. */
const streamIds = new WeakMap<OpenWatch, string>()

async function acknowledged(watch: OpenWatch): Promise<void> {
  const { streamId, sequence } = await nextUpdate(watch)
  if (streamId !== '') streamIds.set(watch, streamId)
  await watch.discovery.acknowledge({ streamId: streamIds.get(watch)!, sequence })
}

/** A report of `requests` from the proxy of web to cart. */
async function report(replica: Replica, watch: OpenWatch, { sequence = 1n, requests = 10n, intervalMs = 2_000 } = {}) {
  const telemetry = await world.client(replica, TelemetryService, { tls: watch.tls })
  const peer = {
    peerNamespace: 'shop',
    peerWorkload: 'cart',
    peerInstance: 'cart-0',
    security: 'mtls',
    protocol: 'http2',
  }
  const service = { serviceNamespace: 'shop', service: 'cart', port: 80, direction: 2 }
  const peerIdentity = 'spiffe://heddle.local/ns/shop/sa/cart'
  const counts = { requestsSuccess: requests, latency: [{ index: 40, count: requests }], connectionsOpen: 1n }
  const certificate = { identity: 'spiffe://heddle.local/ns/shop/sa/web', serial: `serial-${sequence}`, notAfterMs: 7n }
  await telemetry.report({
    ...{ namespace: 'shop', workload: 'web', instance: 'web-0', epoch: 'e', sequence, intervalMs, certificate },
    series: [{ ...peer, ...service, peerIdentity, ...counts }],
  })
}

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
    for (const admin of await admins()) {
      const { proxies } = await admin.listProxies({ namespace: 'shop' })
      expect(proxies.map(({ instance, connected }) => [instance, connected])).toEqual([
        ['cart-0', true],
        ['web-0', true],
      ])
    }
    web.end()
    cart.end()
  })

  test('add up what proxies count, also of one that went from one to the other', async () => {
    const first = await world.watch(one, 'web')
    await nextUpdate(first)
    await report(one, first, { requests: 10n })
    first.end()
    const second = await world.watch(other, 'web')
    await nextUpdate(second)
    await report(other, second, { sequence: 2n, requests: 30n })
    for (const admin of await admins()) {
      const { rows } = await admin.stat({ resource: { ...POD, name: 'cart-0' }, from: POD, windowMs: 60_000 })
      // 40 requests in the 4 s that the proxy says it counted, and the connection that its last report has.
      expect(rows).toMatchObject([{ name: 'cart-0', requestsSuccess: 40n, rps: 10, tcpConnections: 1 }])
      const { edges } = await admin.edges({ resource: POD })
      expect(edges).toMatchObject([{ src: 'web-0', dst: 'cart-0', secured: true }])
      const { instances } = await admin.listWorkloads({ namespace: 'shop' })
      expect(instances.find(({ instance }) => instance === 'web-0')).toMatchObject({ serial: 'serial-2' })
    }
    second.end()
  })

  test('say on how many of all proxies a change was applied', async () => {
    const web = await world.watch(one, 'web', { keys: [CART] })
    const cart = await world.watch(other, 'cart', { keys: [CART] })
    await acknowledged(web)
    for (const admin of await admins()) {
      expect(await admin.getApplied({})).toMatchObject({ proxies: 2, applied: 1, behind: [{ instance: 'cart-0' }] })
    }
    await acknowledged(cart)
    for (const admin of await admins()) {
      expect(await admin.getApplied({})).toMatchObject({ proxies: 2, applied: 2, behind: [] })
    }
    web.end()
    cart.end()
  })

  test('ask the proxies of both about requests', async () => {
    const web = await world.watch(one, 'web')
    const cart = await world.watch(other, 'cart')
    await Promise.all([nextUpdate(web), nextUpdate(cart)])
    for (const admin of await admins()) {
      const found = await admin.listDecisions({ waitMs: 100 })
      expect(found).toMatchObject({ asked: 2, silent: ['shop/cart-0', 'shop/web-0'] })
    }
    web.end()
    cart.end()
  })

  test('know of each other, and answer alone when the other is gone', async () => {
    const admin = await world.admin(one)
    const health = await admin.getHealth({})
    expect(health).toMatchObject({ replica: 'heddle-control-1', replicas: [{ problem: '' }] })
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
    expect((await admin.listProxies({})).proxies.length).toBe(1)
    expect(one.logged.join('')).toContain('replica did not answer')
  })

  test('tell nothing to anyone but each other', async () => {
    const { ReplicaService } = await import('@heddle/api/replica')
    const tls = await world.certificate(one, 'web')
    for (const client of [{ tls }, {}]) {
      const replica = await world.client(one, ReplicaService, client)
      await expect(replica.listProxies({})).rejects.toMatchObject({ code: Code.PermissionDenied })
    }
  })
})

describe('a pod', () => {
  const refused = (proof: Parameters<ReplicaWorld['certificate']>[2]) => world.certificate(one, 'web', proof)

  test('with a token of another audience gets no certificate', async () => {
    const token = world.api.token('shop', 'web', 'https://kubernetes.default.svc')
    await expect(refused({ token })).rejects.toMatchObject({ code: Code.Unauthenticated })
    const admin = world.api.token('heddle', 'heddle-operator', 'heddle.dev/admin')
    await expect(refused({ token: admin })).rejects.toMatchObject({ code: Code.Unauthenticated })
  })

  test.each([{ token: 'garbage' }, { token: 'a.b.c' }])(
    'with the token $token gets no certificate',
    async ({ token }) => {
      await expect(refused({ token })).rejects.toMatchObject({ code: Code.Unauthenticated })
    },
  )

  test('gets no identity of another namespace, nor of the control plane', async () => {
    for (const spiffeId of [
      'spiffe://heddle.local/ns/other/sa/web',
      'spiffe://heddle.local/ns/heddle/sa/control-plane',
    ]) {
      await expect(refused({ spiffeId })).rejects.toMatchObject({ code: Code.PermissionDenied })
    }
  })

  test('waits while the API server is away, and renews by its certificate meanwhile', async () => {
    const tls = await world.certificate(one, 'web')
    world.api.reviewsFail = true
    await expect(refused({})).rejects.toMatchObject({ code: Code.Unavailable })
    expect((await refused({ tls })).certificateChainPem).toContain('BEGIN CERTIFICATE')
  })
})

describe('people', () => {
  test('may read as viewers, and change as operators', async () => {
    const asked = { namespace: 'shop', serviceAccount: 'vm', ttlMs: 60_000, reusable: true }
    const viewer = await world.admin(one)
    expect(await viewer.getVersion({})).toMatchObject({ trustDomain: 'heddle.local' })
    await expect(viewer.createJoinToken(asked)).rejects.toMatchObject({ code: Code.PermissionDenied })
    const operator = await world.admin(one, 'heddle-operator')
    expect((await operator.createJoinToken(asked)).token).toMatch(/^hdl1\./)
  })

  test('are nobody with the token of a workload, nor without one', async () => {
    const { AdminService } = await import('@heddle/api/admin')
    const tokens = [
      world.api.token('shop', 'web', 'heddle.dev/identity'),
      world.api.token('shop', 'web', 'heddle.dev/admin'),
      undefined,
    ]
    const codes = [Code.Unauthenticated, Code.PermissionDenied, Code.Unauthenticated]
    for (const [index, token] of tokens.entries()) {
      const admin = await world.client(one, AdminService, token === undefined ? {} : { token })
      await expect(admin.stat({})).rejects.toMatchObject({ code: codes[index] })
    }
  })
})

describe('the API server', () => {
  test('is waited for at the start, which those who look are told', async () => {
    const port = await freePort()
    const ask = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`)
      return `${answer.status} ${await answer.text()}`
    }
    world.api.goDown()
    const starting = world.start('--admin', `127.0.0.1:${port}`)
    await vi.waitFor(async () => expect(await ask('/ready')).toContain('503 '), LIMIT)
    expect(await ask('/ready')).toContain('the authority is not open yet')
    expect(await ask('/live')).toBe('200 live\n')
    world.api.comeUp()
    await starting
    expect(await ask('/ready')).toBe('200 ready\n')
  })

  test('is said to whoever looks to refuse what nothing works without, with the right that lacks', async () => {
    const port = await freePort()
    const ready = async () => await (await fetch(`http://127.0.0.1:${port}/ready`)).text()
    world.api.forbidden.add('list pods')
    const starting = world.start('--admin', `127.0.0.1:${port}`)
    await vi.waitFor(async () => expect(await ready()).toContain('let ClusterRole heddle-control list pods'), LIMIT)
    expect(await ready()).toMatch(/\nthe configuration is not read yet\npods \(v1\): .* cannot list resource "pods"/)
    world.api.forbidden.clear()
    await starting
    expect(await ready()).toBe('ready\n')
  })

  test('knows the webhooks by the name of their Service and the trust bundle', async () => {
    const { host, port } = one.control.webhookAddress!
    const ca = await readFile(one.control.trustBundleFile)
    const socket = connect({ host, port, ca, servername: 'heddle-webhook.heddle.svc', ALPNProtocols: ['h2'] })
    await once(socket, 'secureConnect')
    expect([socket.authorized, socket.alpnProtocol]).toEqual([true, 'h2'])
    socket.destroy()
  })
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
    await Promise.all([acknowledged(web), acknowledged(cart)])
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
    await acknowledged(web)
    await conditions({ type: 'Programmed', status: 'False' })
    await acknowledged(cart)
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
