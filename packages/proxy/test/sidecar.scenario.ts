import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { Code } from '@connectrpc/connect'
import { State } from '@heddle/api/discovery'
import { describe, expect, test } from 'vitest'
import { type FakeControlPlane, refusal, startFakeControlPlane } from './fake-control-plane.ts'
import { BUN, type ProxyProcess, RUNTIMES, sidecarEnvironment, startProxyProcess } from './proxy-process.ts'
import { until } from './until.ts'

const KEY = 'name:voting-svc.emojivote:8080'
const SPIFFE_ID = 'spiffe://heddle.local/ns/emojivote/sa/web'

/** An application that answers every request with its body. */
async function startApplication(body: string) {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port, [Symbol.dispose]: () => void server.close() }
}

/** A control plane that knows one Service: an endpoint without a proxy at `port`. */
async function controlPlane(port: number): Promise<FakeControlPlane> {
  const plane = await startFakeControlPlane()
  const endpoint = {
    id: 'emojivote/voting-0:8080',
    address: '127.0.0.1',
    port,
    instance: 'voting-0',
    workload: 'voting',
  }
  const service = { namespace: 'emojivote', name: 'voting-svc', port: 8080, protocol: 1, endpoints: [endpoint] }
  plane.onStream = (stream) =>
    stream.send({
      streamId: `stream-${plane.streams.length}`,
      sequence: 1n,
      trustBundlePem: plane.authority.trustBundlePem,
      updates: [
        {
          key: KEY,
          change: { case: 'destination', value: { version: 'v1', target: { case: 'service', value: service } } },
        },
      ],
    })
  return plane
}

const LIMIT_MS = 120_000

describe('a sidecar', () => {
  test.each(RUNTIMES)(
    'on $runtime joins, registers what it bound, serves, reports, and leaves',
    async ({ program }) => {
      using application = await startApplication('hello')
      await using plane = await controlPlane(application.port)
      await using sidecar = await sidecarEnvironment(plane)
      await using proxy = startProxyProcess(program, {
        ...sidecar.env,
        HEDDLE_UPSTREAMS: `listen=127.0.0.1:0,key=${KEY}`,
        HEDDLE_PORTS: `name=http,port=80,app=127.0.0.1:${application.port}`,
        HEDDLE_HEALTH_CHECK: '{"httpGet":{"port":"http"},"periodSeconds":0.1}',
        HEDDLE_REPORT_INTERVAL_MS: '100',
      })

      const listening = await proxy.event('listening')
      await proxy.event('ready')
      const [upstream] = listening.outbound as { key: string; address: string }[]
      const [port] = listening.ports as { name: string; port: number; listen: string }[]
      const answer = await fetch(`http://${upstream!.address}/vote`)

      expect(await answer.text()).toBe('hello')
      expect(upstream!.key).toBe(KEY)
      expect(plane.joinTokens).toEqual(['the-join-token'])
      expect(plane.streams[0]!.request).toMatchObject({
        node: {
          namespace: 'emojivote',
          workload: 'web',
          instance: 'web-0',
          serviceAccount: 'web',
          mode: 'explicit',
          ports: [{ name: 'http', port: 80, address: '127.0.0.1', addressPort: Number(port!.listen.split(':')[1]) }],
        },
        subscriptions: [{ key: KEY, version: '' }],
      })
      expect(plane.peers).toContain(`URI:${SPIFFE_ID}`)
      await until(() => plane.streams[0]!.request.healthy || plane.states.some(({ state }) => state === State.READY))
      await until(() =>
        plane.reports.some(({ series }) => series.some(({ requestsSuccess }) => requestsSuccess === 1n)),
      )
      expect(plane.reports.at(-1)!.certificate).toMatchObject({ identity: SPIFFE_ID })

      proxy.child.kill('SIGTERM')
      expect(await proxy.exited).toBe(0)
      expect(plane.states.at(-1)).toMatchObject({ state: State.DRAINING })
      expect(proxy.log).not.toContain('the-join-token')
      expect(proxy.log).not.toContain('PRIVATE KEY')
    },
    LIMIT_MS,
  )

  test(
    'shows itself on the admin interface, and drains when told to there',
    async () => {
      await using plane = await controlPlane(1)
      await using sidecar = await sidecarEnvironment(plane)
      await using proxy = startProxyProcess(BUN, {
        ...sidecar.env,
        HEDDLE_UPSTREAMS: `listen=127.0.0.1:0,key=${KEY}`,
      })
      await proxy.event('ready')

      expect((await proxy.admin('GET /ready')).status).toBe(200)
      const config = (await (await proxy.admin('GET /config')).json()) as Record<string, object>
      expect(config.identity).toMatchObject({ spiffeId: SPIFFE_ID })
      expect(config.destinations).toMatchObject({ [KEY]: { kind: 'service', version: 'v1' } })
      expect(JSON.stringify(config)).not.toContain('PRIVATE KEY')
      const metrics = await (await proxy.admin('GET /metrics')).text()
      expect(metrics).toContain('heddle_discovery_connected 1\n')
      const heads = metrics.split('\n').filter((line) => line.startsWith('# TYPE'))
      expect(new Set(heads.map((head) => head.split(' ')[2])).size).toBe(heads.length)
      expect(metrics).toMatch(/^heddle_certificate_expiration_timestamp_seconds \d+$/m)
      expect((await proxy.admin('POST /drain')).status).toBe(202)
      expect(await proxy.exited).toBe(0)
    },
    LIMIT_MS,
  )

  test(
    'tells the control plane and its admin interface what became of a request',
    async () => {
      // Nothing listens on port 1.
      await using plane = await controlPlane(1)
      await using sidecar = await sidecarEnvironment(plane)
      await using proxy = startProxyProcess(BUN, {
        ...sidecar.env,
        HEDDLE_UPSTREAMS: `listen=127.0.0.1:0,key=${KEY}`,
      })
      const listening = await proxy.event('listening')
      await proxy.event('ready')
      const [upstream] = listening.outbound as { address: string }[]
      const headers = { authorization: 'Basic s3cret' }
      const answer = await fetch(`http://${upstream!.address}/vote?token=s3cret`, { headers })
      const requestId = answer.headers.get('x-request-id')!

      plane.streams[0]!.send({ queries: [{ queryId: 'q1', requestId, limit: 10 }] })
      await until(() => plane.answers.length === 1)
      expect(plane.answers[0]).toMatchObject({
        streamId: 'stream-1',
        queryId: 'q1',
        hasMore: false,
        records: [
          {
            requestId,
            namespace: 'emojivote',
            workload: 'web',
            instance: 'web-0',
            direction: 'outbound',
            key: KEY,
            request: { method: 'GET', path: '/vote?token=(hidden)' },
            attempts: [{ endpoint: 'emojivote/voting-0:8080', error: 'connect_refused' }],
            status: 502,
            error: 'connect_refused',
            keptAs: 'failure',
          },
        ],
      })
      const shown = await (await proxy.admin(`GET /decisions?id=${requestId}&failures=true`)).text()
      expect(JSON.parse(shown)).toMatchObject([{ requestId, key: KEY, keptAs: 'failure' }])
      expect(shown + JSON.stringify(plane.answers[0]!.records[0]!.request)).not.toContain('s3cret')
    },
    LIMIT_MS,
  )

  test(
    'renews its certificate by itself, and speaks to the control plane by the new one',
    async () => {
      await using plane = await startFakeControlPlane()
      // 65 to 70 % of its life are over in 1 to 6 s, and half a minute is left then.
      Object.assign(plane.authority, { skewMs: -60_000, lifeMs: 94_000 })
      plane.beforeCall = (method) => {
        if (method === 'sign' && plane.joinTokens.length === 2)
          Object.assign(plane.authority, { skewMs: 0, lifeMs: 86_400_000 })
      }
      plane.onStream = (stream) => stream.send({ streamId: `stream-${plane.streams.length}`, sequence: 1n })
      await using sidecar = await sidecarEnvironment(plane)
      await using proxy = startProxyProcess(BUN, sidecar.env)
      await proxy.event('ready')
      await until(() => plane.streams.length === 2)

      expect(plane.joinTokens).toEqual(['the-join-token', ''])
      const config = (await (await proxy.admin('GET /config')).json()) as { identity: { serial: string } }
      expect(config.identity.serial).toBe(plane.serials[1])
      expect(plane.serials[0]).not.toBe(plane.serials[1])
      await until(() => plane.streams[0]!.isClosed)
      expect((await proxy.admin('GET /ready')).status).toBe(200)
    },
    LIMIT_MS,
  )

  test(
    'goes with whoever started it: when its standard input ends',
    async () => {
      await using plane = await controlPlane(1)
      await using sidecar = await sidecarEnvironment(plane)
      await using proxy = startProxyProcess(BUN, { ...sidecar.env, HEDDLE_EXIT_WITH_STDIN: '1' })
      await proxy.event('ready')
      proxy.child.stdin?.end()
      expect(await proxy.exited).toBe(0)
    },
    LIMIT_MS,
  )

  test(
    'is not ready, and says why, while the control plane is away; then joins by itself',
    async () => {
      const plane = await controlPlane(1)
      await using sidecar = await sidecarEnvironment(plane)
      await plane.stop()
      await using proxy = startProxyProcess(BUN, sidecar.env)
      await proxy.event('listening')
      const notReady = await proxy.admin('GET /ready')
      expect(notReady.status).toBe(503)
      expect(await notReady.text()).toBe('no certificate yet\nnothing heard from the control plane yet\n')

      await using again = await startFakeControlPlane({ authority: plane.authority, port: plane.port })
      again.onStream = (stream) => stream.send({ streamId: 'again', sequence: 1n })
      await proxy.event('ready')
      expect((await proxy.admin('GET /ready')).status).toBe(200)
    },
    LIMIT_MS,
  )

  test(
    'says that its join token is refused, and joins by the one that is put in its place',
    async () => {
      await using plane = await controlPlane(1)
      plane.beforeCall = (method) => {
        const isSpent = method === 'sign' && plane.joinTokens.at(-1) === 'the-join-token'
        if (isSpent) throw refusal(Code.Unauthenticated, 'the join token was used already')
      }
      await using sidecar = await sidecarEnvironment(plane)
      await using proxy = startProxyProcess(BUN, sidecar.env)
      expect(await proxy.event('token_wanted')).toEqual({
        event: 'token_wanted',
        reason: 'the join token was used already',
      })
      await writeFile(sidecar.env.HEDDLE_JOIN_TOKEN_FILE, 'another-token')
      await proxy.event('ready')
      expect(plane.joinTokens.at(-1)).toBe('another-token')
    },
    LIMIT_MS,
  )

  test(
    'ends at once on a second signal',
    async () => {
      await using plane = await controlPlane(1)
      await using sidecar = await sidecarEnvironment(plane)
      await using proxy = startProxyProcess(BUN, { ...sidecar.env, HEDDLE_DRAIN_DELAY_MS: '60000' })
      await proxy.event('ready')
      proxy.child.kill('SIGTERM')
      await until(() => plane.states.length === 1)
      proxy.child.kill('SIGTERM')
      expect(await proxy.exited).toBe(143)
    },
    LIMIT_MS,
  )

  test.each([
    {
      name: 'variables that are missing',
      env: { HEDDLE_WORKLOAD: '' },
      status: 2,
      words: 'HEDDLE_WORKLOAD is not set',
    },
    {
      name: 'a health check of a port that is not there',
      env: { HEDDLE_HEALTH_CHECK: '{"tcpSocket":{"port":"grpc"}}' },
      status: 1,
      words: 'names port "grpc"',
    },
    {
      name: 'a trust bundle that is not there',
      env: { HEDDLE_TRUST_BUNDLE_FILE: '/nowhere' },
      status: 1,
      words: '/nowhere',
    },
  ])(
    'ends with a clear error on $name',
    async ({ env, status, words }) => {
      await using plane = await controlPlane(1)
      await using sidecar = await sidecarEnvironment(plane)
      await using proxy = startProxyProcess(BUN, { ...sidecar.env, ...env })
      expect(await proxy.exited).toBe(status)
      expect(proxy.log).toContain(words)
      expect(proxy.events).toEqual([])
    },
    LIMIT_MS,
  )

  test(
    'ends with a clear error when an address is taken',
    async () => {
      using application = await startApplication('x')
      await using plane = await controlPlane(1)
      await using sidecar = await sidecarEnvironment(plane)
      const taken = [
        { HEDDLE_ADMIN_ADDRESS: `127.0.0.1:${application.port}` },
        { HEDDLE_UPSTREAMS: `listen=127.0.0.1:${application.port},key=${KEY}` },
      ]
      for (const env of taken) {
        await using proxy: ProxyProcess = startProxyProcess(BUN, { ...sidecar.env, ...env })
        expect(await proxy.exited).toBe(1)
        expect(proxy.log).toContain(`cannot listen on 127.0.0.1`)
      }
    },
    LIMIT_MS,
  )
})
