import { once } from 'node:events'
import { type ClientRequest, createServer, type IncomingMessage, request, type Server } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { MeshObject } from '@heddle/api/kinds'
import { parseManifests } from '@heddle/api/manifest'
import { createLog } from '@heddle/base/log'
import type { KubeObject } from '@heddle/kube/client'
import { STATUS_ANNOTATION } from '@heddle/kube/inject/names'
import { Registry } from '@heddle/telemetry/registry'
import { ManualClock } from '@heddle/testkit/manual-clock'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createAdmissionHandler } from './create-admission-handler.ts'

const POD = {
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { generateName: 'web-' },
  spec: { containers: [{ name: 'web' }] },
}
const ENABLED = { 'heddle.dev/inject': 'enabled' }
const SERVICE = `apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { clusterIP: 10.0.0.9, ports: [{ port: 80 }] }
`

interface Answered {
  readonly allowed: boolean
  readonly patch?: string
  readonly warnings?: readonly string[]
  readonly status?: { readonly message: string; readonly details: { readonly causes: readonly object[] } }
}

describe('the webhooks', () => {
  const clock = new ManualClock()
  let namespaces: Record<string, Readonly<Record<string, string>>>
  let objects: readonly MeshObject[]
  let values: string | undefined
  let registry: Registry
  let server: Server
  let read: () => Promise<void>
  const begun: ClientRequest[] = []

  beforeEach(async () => {
    namespaces = { shop: ENABLED, plain: {} }
    objects = []
    values = 'trustDomain: heddle.local'
    registry = new Registry()
    read = () => Promise.resolve()
    const handler = createAdmissionHandler({
      client: {
        get: async <T extends KubeObject>({ name }: { readonly name: string }) => {
          await read()
          return { metadata: { name, annotations: namespaces[name] ?? {} } } as KubeObject as T
        },
      },
      values: () => values,
      trustBundlePem: () => 'PEM',
      trustDomain: 'heddle.local',
      namespace: 'heddle',
      model: { objects: () => objects },
      clock,
      log: createLog(() => undefined, 'off'),
      registry,
    })
    server = createServer(handler as never).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(() => {
    for (const asked of begun.splice(0)) asked.destroy()
    server.close()
  })

  async function post(path: string, body: string, headers: Readonly<Record<string, string>> = {}) {
    const { port } = server.address() as AddressInfo
    return await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    })
  }

  async function ask(path: string, request: object): Promise<Answered> {
    const answer = await post(path, review(request))
    expect(answer.status).toBe(200)
    const { response } = (await answer.json()) as { readonly response: Answered & { readonly uid: string } }
    expect(response.uid).toBe('u1')
    return response
  }

  function review(request: object): string {
    const kind = { group: '', version: 'v1', kind: 'Pod' }
    const asked = { uid: 'u1', operation: 'CREATE', namespace: 'shop', kind, ...request }
    return JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: asked })
  }

  const steps = ({ patch }: Answered) =>
    JSON.parse(Buffer.from(patch!, 'base64').toString()) as readonly { path: string }[]

  test('put a proxy into a pod of a namespace that asks for it', async () => {
    const answer = await ask('/inject?timeout=10s', { object: POD })
    expect(answer.allowed).toBe(true)
    expect(steps(answer).map(({ path }) => path)).toEqual([
      '/metadata/labels',
      '/metadata/annotations',
      '/spec/initContainers',
      '/spec/volumes',
    ])
    expect(JSON.stringify(steps(answer))).toContain(STATUS_ANNOTATION)
    expect(registry.render()).toContain('heddle_admission_reviews_total{webhook="inject",outcome="injected"} 1')
  })

  test.each([
    { name: 'a namespace that does not ask for it', request: { namespace: 'plain', object: POD } },
    { name: 'a namespace that nobody knows', request: { namespace: 'gone', object: POD } },
    { name: 'kube-system', request: { namespace: 'kube-system', object: withInject(POD) } },
    { name: 'the own namespace', request: { namespace: 'heddle', object: withInject(POD) } },
    { name: 'an update', request: { operation: 'UPDATE', object: POD } },
    { name: 'no pod', request: { kind: { group: 'apps', version: 'v1', kind: 'Deployment' }, object: POD } },
  ])('leave alone what is in or of $name', async ({ request }) => {
    expect(await ask('/inject', request)).toEqual({ uid: 'u1', allowed: true })
  })

  test('mark a pod that asks for a proxy and cannot have one', async () => {
    const answer = await ask('/inject', { object: { ...POD, spec: { ...POD.spec, hostNetwork: true } } })
    expect(answer.warnings).toEqual([expect.stringContaining('no proxy: it uses the network of its node')])
    expect(steps(answer)).toEqual([
      { op: 'add', path: '/metadata/annotations', value: { 'heddle.dev/inject-skipped': 'host-network' } },
    ])
  })

  test('refuse a pod whose annotations cannot be obeyed', async () => {
    const object = { ...POD, metadata: { annotations: { 'heddle.dev/proxy-mode': 'x' } } }
    const answer = await ask('/inject', { object })
    expect(answer.allowed).toBe(false)
    expect(answer.status!.message).toBe(
      'metadata.annotations["heddle.dev/proxy-mode"]: "x": expected one of `native`, `classic`; it is on the pod',
    )
  })

  test('fail where the values of the installation are not there, so that the failure policy decides', async () => {
    values = undefined
    expect((await post('/inject', review({ object: POD }))).status).toBe(500)
    expect(registry.render()).toContain('outcome="failed"} 1')
  })

  test('go on with what they can use of the values of another version', async () => {
    values = 'proxy: {logLevel: debug, colour: red, drain: soon}'
    const answer = await ask('/inject', { object: POD })
    expect(JSON.stringify(steps(answer))).toContain('{"name":"HEDDLE_LOG_LEVEL","value":"debug"}')
  })

  test.each([{ text: 'proxy: {logLevel: ' }, { text: '[]' }])(
    'go on with the values of before when somebody makes $text of them',
    async ({ text }) => {
      values = 'image: {registry: registry.example}'
      expect(JSON.stringify(steps(await ask('/inject', { object: POD })))).toContain('registry.example/heddle/proxy')
      values = text
      expect(JSON.stringify(steps(await ask('/inject', { object: POD })))).toContain('registry.example/heddle/proxy')
    },
  )

  test('fail where the namespace cannot be read in time', async () => {
    let asked = false
    read = () => {
      asked = true
      return new Promise(() => undefined)
    }
    const answer = post('/inject', review({ object: POD }))
    while (!asked) await setImmediate()
    clock.advance(5_000)
    expect((await answer).status).toBe(500)
  })

  /** Begins to ask from another address. */
  async function neighbour(body: string): Promise<ClientRequest> {
    const { port } = server.address() as AddressInfo
    const headers = { 'content-type': 'application/json', 'content-length': String(8 * 1024 * 1024) }
    const asked = request({
      host: '127.0.0.1',
      localAddress: '127.0.0.2',
      port,
      path: '/inject',
      method: 'POST',
      headers,
      agent: false,
    })
    asked.on('error', () => undefined)
    begun.push(asked)
    await new Promise<void>((resolve) => asked.write(body, () => resolve()))
    return asked
  }

  const statusOf = async (asked: ClientRequest) => {
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    answer.resume()
    return answer.statusCode
  }

  test('answer the API server while a neighbour begins questions and ends none', async () => {
    for (let at = 0; at < 128; at++) await neighbour('{')
    expect(await statusOf(await neighbour('{'))).toBe(503)
    const oldest = new Promise((resolve) => begun[0]!.once('close', resolve))
    expect((await ask('/inject', { object: POD })).patch).toBeDefined()
    await oldest
    expect(registry.render()).toContain('{webhook="inject",outcome="failed"} 2')
  })

  test('have memory for large questions of others while a neighbour asks as many as it may', async () => {
    const large = `{"x":"${'y'.repeat(100_000)}`
    for (let at = 0; at < 4; at++) await neighbour(large)
    expect(await statusOf(await neighbour(large))).toBe(503)
    const annotations = { note: 'z'.repeat(300_000) }
    const object = { ...POD, metadata: { ...POD.metadata, annotations } }
    expect((await ask('/inject', { object })).patch).toBeDefined()
  })

  test('end what is left of a question that was answered, over HTTP/2', async () => {
    const overHttp2 = createHttp2Server((asked, answer) => server.emit('request', asked, answer)).listen(0, '127.0.0.1')
    await once(overHttp2, 'listening')
    const client = connectHttp2(`http://127.0.0.1:${(overHttp2.address() as AddressInfo).port}`)
    const asked = client.request({ ':method': 'POST', ':path': '/inject', 'content-type': 'application/json' })
    let status: number | undefined
    asked.on('response', (head) => {
      status = head[':status']
    })
    asked.resume()
    asked.write(' '.repeat(8 * 1024 * 1024))
    await once(asked, 'close')
    expect(status).toBe(413)
    client.destroy()
    overHttp2.close()
  })

  test('give up a question for another while they wait for its namespace', async () => {
    const waiting: (() => void)[] = []
    read = () => new Promise((resolve) => waiting.push(resolve))
    const flood = Array.from({ length: 128 }, async (_, at) => {
      // Those of one namespace would share a look-up.
      return (await post('/inject', review({ namespace: `n${at}`, object: POD }))).status
    })
    while (waiting.length < 128) await setImmediate()
    read = () => Promise.resolve()
    const other = await neighbour('')
    expect(await flood[0]).toBe(503)
    other.destroy()
    for (const resolve of waiting) resolve()
    expect((await Promise.all(flood)).filter((status) => status === 200)).toHaveLength(127)
  })

  test.each([
    { name: 'is no JSON', body: '{', status: 400 },
    { name: 'is a list', body: '[]', status: 400 },
    { name: 'is another kind', body: '{"apiVersion":"v1","kind":"Pod"}', status: 400 },
    { name: 'has no request', body: '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}', status: 400 },
    { name: 'is larger than any object', body: ' '.repeat(8 * 1024 * 1024), status: 413 },
  ])('refuse a body that $name', async ({ body, status }) => {
    expect((await post('/inject', body)).status).toBe(status)
  })

  test.each([{ path: '/inject' }, { path: '/validate' }])(
    'answer at $path whatever the object is',
    async ({ path }) => {
      const part = fc.jsonValue({ maxDepth: 2 })
      const shape = {
        apiVersion: fc.constantFrom('v1', 'heddle.dev/v1alpha1', 'gateway.networking.k8s.io/v1'),
        kind: fc.constantFrom('Pod', 'Workload', 'HTTPRoute', 'FaultPolicy'),
        metadata: fc.oneof(part, fc.record({ annotations: part, labels: part, ownerReferences: part })),
        spec: fc.oneof(part, fc.record({ containers: part, initContainers: part, parentRefs: part, rules: part })),
      }
      await fc.assert(
        fc.asyncProperty(fc.record(shape, { requiredKeys: [] }), async (object) => {
          const answer = await post(path, review({ object }))
          expect([200, 422, 500]).toContain(answer.status)
          await answer.text()
        }),
        { numRuns: 200 },
      )
    },
  )

  test('survive an object that is nested without end', async () => {
    const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`
    const kind = '{"group":"heddle.dev","version":"v1alpha1","kind":"TrafficPolicy"}'
    const request = `{"uid":"u1","operation":"CREATE","namespace":"shop","kind":${kind},"object":{"apiVersion":"heddle.dev/v1alpha1","kind":"TrafficPolicy","metadata":{"name":"a"},"spec":${deep}}}`
    const body = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":${request}}`
    const answer = await post('/validate', body)
    expect([200, 400, 422]).toContain(answer.status)
    expect((await ask('/inject', { object: POD })).allowed).toBe(true)
  })

  test.each([
    { path: '/other', headers: {}, status: 404 },
    { path: '/inject', headers: { 'content-type': 'text/yaml' }, status: 415 },
  ])('answer $status at $path with $headers', async ({ path, headers, status }) => {
    expect((await post(path, review({ object: POD }), headers)).status).toBe(status)
  })

  const POLICY = {
    apiVersion: 'heddle.dev/v1alpha1',
    kind: 'TrafficPolicy',
    metadata: { name: 'web', namespace: 'shop', managedFields: [{}] },
    spec: { targetRefs: [{ group: '', kind: 'Service', name: 'web' }], retry: { attempts: 'many' } },
    status: { conditions: [] },
  }

  test('refuse an object as "heddle validate" does, with field and reason', async () => {
    const answer = await ask('/validate', { object: POLICY })
    expect(answer.allowed).toBe(false)
    expect(answer.status!.message).toContain('spec.retry.attempts: ')
    expect(answer.status!.details.causes).toContainEqual(expect.objectContaining({ field: 'spec.retry.attempts' }))
  })

  test.each([
    { name: 'goes', request: { object: { ...POLICY, metadata: { ...POLICY.metadata, deletionTimestamp: 'now' } } } },
    { name: 'is deleted', request: { operation: 'DELETE', oldObject: POLICY } },
    {
      name: 'was there before and gets a label',
      request: { operation: 'UPDATE', oldObject: POLICY, object: { ...POLICY, metadata: { labels: { a: 'b' } } } },
    },
    { name: 'is in kube-system', request: { namespace: 'kube-system', object: POLICY } },
    { name: 'is a route of a gateway', request: { object: route([{ name: 'gate' }]) } },
  ])('let pass a wrong object that $name', async ({ request }) => {
    expect(await ask('/validate', request)).toEqual({ uid: 'u1', allowed: true })
  })

  test('refuse a wrong route of a Service', async () => {
    const answer = await ask('/validate', { object: route([{ group: '', kind: 'Service', name: 'web' }]) })
    expect(answer.status!.message).toContain('spec.rules[0].matches[0].path')
  })

  test.each(
    ['127.0.0.1', '169.254.169.254', '::1', '::ffff:127.0.0.1', 'fe80::1', '0.0.0.0', '224.0.0.1'].map((address) => ({
      address,
    })),
  )('refuse a Workload at $address, which is another for each who connects', async ({ address }) => {
    const object = {
      apiVersion: 'heddle.dev/v1alpha1',
      kind: 'Workload',
      metadata: { name: 'vm', namespace: 'shop' },
      spec: { addresses: ['10.0.0.8', address], healthCheck: { httpGet: { path: '/latest/meta-data', port: 80 } } },
    }
    const answer = await ask('/validate', { object })
    expect(answer.status!.message).toContain('Workload vm: spec.addresses[1]: an address of loopback')
  })

  test('refuse a Workload at an address that a Service has', async () => {
    objects = parseManifests([{ path: 'a', text: SERVICE }]).objects
    const workload = (address: string) => ({
      apiVersion: 'heddle.dev/v1alpha1',
      kind: 'Workload',
      metadata: { name: 'vm', namespace: 'shop' },
      spec: { addresses: [address] },
    })
    const answer = await ask('/validate', { object: workload('10.0.0.9') })
    expect(answer.status!.message).toBe(
      'Workload vm: spec.addresses[0]: the address 10.0.0.9 is claimed by Service shop/web already',
    )
    expect((await ask('/validate', { object: workload('10.0.0.8') })).allowed).toBe(true)
  })

  test('warn of nothing that the API server or a tool has put into metadata', async () => {
    objects = parseManifests([{ path: 'a', text: SERVICE }]).objects
    const put = { uid: 'u-1', generation: 1, resourceVersion: '7', creationTimestamp: '2026-01-01T00:00:00Z' }
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'u-2' }
    const metadata = { ...POLICY.metadata, ...put, finalizers: ['a.example/b'], ownerReferences: [owner] }
    const policy = { ...POLICY, metadata, spec: { ...POLICY.spec, retry: { attempts: 2 } } }
    const spec = { addresses: ['10.0.0.8'] }
    const workload = {
      apiVersion: 'heddle.dev/v1alpha1',
      kind: 'Workload',
      metadata: { ...metadata, name: 'vm' },
      spec,
    }
    for (const object of [policy, workload]) {
      expect(await ask('/validate', { object })).toEqual({ uid: 'u1', allowed: true })
    }
  })

  test('tell as a warning what is legal and serves nobody', async () => {
    const parent = { group: '', kind: 'Service', name: 'web' }
    const { allowed, warnings } = await ask('/validate', { object: route([parent], [{}]) })
    expect(allowed).toBe(true)
    expect(warnings).toEqual([expect.stringMatching(/^heddle: spec\.rules\[0\]: there are no backendRefs/)])
  })
})

function withInject(pod: typeof POD) {
  return { ...pod, metadata: { ...pod.metadata, annotations: ENABLED } }
}

const UNREADABLE = [{ matches: [{ path: { type: 'RegularExpression', value: '(' } }] }]

function route(parentRefs: readonly object[], rules: readonly object[] = UNREADABLE) {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { parentRefs, rules },
  }
}
