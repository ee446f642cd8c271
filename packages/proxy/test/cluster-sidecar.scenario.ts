import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type FakeControlPlane, startFakeControlPlane } from './fake-control-plane.ts'
import { BUN, type ProxyProcess, sidecarEnvironment, startProxyProcess } from './proxy-process.ts'
import { until } from './until.ts'

const KEY = 'name:voting-svc.emojivote:8080'
const LIMIT_MS = 120_000

/** What takes connections and says nothing. */
async function startSilentServer() {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.resume())
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    sockets,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** A control plane that knows one Service of opaque connections at `port`; over HTTP/2 where this runtime can. */
async function controlPlane(port: number): Promise<FakeControlPlane> {
  const plane = await startFakeControlPlane({ http2: process.versions.bun === undefined })
  const endpoint = { id: 'voting-0', address: '127.0.0.1', port, instance: 'voting-0', workload: 'voting' }
  const service = { namespace: 'emojivote', name: 'voting-svc', port: 8080, protocol: 4, endpoints: [endpoint] }
  const destination = { version: 'v1', target: { case: 'service' as const, value: service } }
  const update = { key: KEY, change: { case: 'destination' as const, value: destination } }
  plane.onStream = (stream) => stream.send({ streamId: 's', sequence: 1n, updates: [update] })
  return plane
}

/** The environment as injection writes it, but for addresses of this host. */
async function podEnvironment(plane: FakeControlPlane, serviceAccountToken: string) {
  const sidecar = await sidecarEnvironment(plane)
  const { HEDDLE_JOIN_TOKEN_FILE, HEDDLE_TRUST_BUNDLE_FILE: _, ...env } = sidecar.env
  const tokenFile = join(HEDDLE_JOIN_TOKEN_FILE, '..', 'service-account-token')
  await writeFile(tokenFile, serviceAccountToken)
  return {
    tokenFile,
    env: {
      ...env,
      HEDDLE_TRUST_BUNDLE: plane.authority.trustBundlePem,
      HEDDLE_SERVICE_ACCOUNT_TOKEN_FILE: tokenFile,
      HEDDLE_PROBE_ADDRESS: '127.0.0.1:0',
      HEDDLE_UPSTREAMS: `listen=127.0.0.1:0,key=${KEY}`,
    },
    [Symbol.asyncDispose]: () => sidecar[Symbol.asyncDispose](),
  }
}

async function outbound(proxy: ProxyProcess): Promise<Socket> {
  const listening = await proxy.event('listening')
  const [upstream] = listening.outbound as { address: string }[]
  const socket = connect(Number(upstream!.address.split(':')[1]), '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

describe('the sidecar of a pod', () => {
  test(
    'that was made before the root was replaced finds the control plane again when its container is started anew',
    async () => {
      await using former = await controlPlane(9)
      await using pod = await podEnvironment(former, 'token')
      const cache = join(pod.tokenFile, '..', 'bundle.json')
      const env = { ...pod.env, HEDDLE_TRUST_BUNDLE_CACHE_FILE: cache }
      await using next = await startFakeControlPlane({ http2: process.versions.bun === undefined })
      next.onStream = (stream) => stream.send({ streamId: 's', sequence: 1n })
      {
        await using proxy = startProxyProcess(BUN, env)
        await proxy.event('ready')
        former.streams[0]!.send({ sequence: 2n, trustBundlePem: next.authority.trustBundlePem })
        const kept = JSON.stringify(next.authority.trustBundlePem)
        await until(() => existsSync(cache) && readFileSync(cache, 'utf8').includes(kept))
      }
      // The environment is that of the pod: it says the former root for ever.
      const again = { ...env, HEDDLE_CONTROL_ADDRESS: `127.0.0.1:${next.port}` }
      await using proxy = startProxyProcess(BUN, again)
      await proxy.event('ready')
      expect(next.serials).toHaveLength(1)
    },
    LIMIT_MS,
  )

  test(
    'proves itself by the token of its service account and answers probes on an address for others',
    async () => {
      using application = await startSilentServer()
      await using plane = await controlPlane(application.port)
      await using pod = await podEnvironment(plane, 'token-of-the-pod')
      await using proxy = startProxyProcess(BUN, pod.env)
      const { probe } = await proxy.event('listening')
      await proxy.event('ready')
      const ask = (path: string) => fetch(`http://${String(probe)}${path}`, { headers: { host: 'web-0.example' } })
      const statuses = await Promise.all(
        ['/live', '/ready', '/metrics', '/config'].map(async (path) => (await ask(path)).status),
      )
      expect(statuses).toEqual([200, 200, 200, 404])
      expect(plane.serviceAccountTokens).toEqual(['token-of-the-pod'])
      expect(plane.joinTokens).toEqual([''])
      expect(proxy.events.map(({ event }) => event)).not.toContain('token_wanted')
      proxy.child.kill('SIGTERM')
      expect(await proxy.exited).toBe(0)
      expect(proxy.log).not.toContain('token-of-the-pod')
    },
    LIMIT_MS,
  )

  test(
    'says whether its application takes connections while there is no control plane',
    async () => {
      await using plane = await controlPlane(9)
      await using pod = await podEnvironment(plane, 'token')
      const application = await startSilentServer()
      const asked = `/probe/tcp/${application.port}/1`
      await using proxy = startProxyProcess(BUN, {
        ...pod.env,
        HEDDLE_CONTROL_ADDRESS: '127.0.0.1:9',
        HEDDLE_TCP_PROBES: `${application.port}/1`,
      })
      const { probe } = await proxy.event('listening')
      const statusOf = async (path: string) => (await fetch(`http://${String(probe)}${path}`)).status
      expect(await statusOf('/ready')).toBe(503)
      expect(await statusOf(asked)).toBe(200)
      application[Symbol.dispose]()
      expect(await statusOf(asked)).toBe(503)
      expect(await statusOf('/ready')).toBe(503)
    },
    LIMIT_MS,
  )

  test(
    'serves on after SIGTERM until its application holds no connection any more',
    async () => {
      using application = await startSilentServer()
      await using plane = await controlPlane(application.port)
      await using pod = await podEnvironment(plane, 'token')
      await using proxy = startProxyProcess(BUN, {
        ...pod.env,
        HEDDLE_DRAIN_UNTIL_IDLE: '1',
        HEDDLE_DRAIN_MS: '20000',
      })
      await proxy.event('ready')
      const first = await outbound(proxy)
      first.write('hello')
      await until(() => application.sockets.size === 1)
      proxy.child.kill('SIGTERM')
      await until(() => plane.states.length === 1)
      await until(() => proxy.log.includes('"draining"'))
      // Longer than HEDDLE_DRAIN_DELAY_MS: a connection that is new now would be refused by a proxy that only lets open ones end.
      const second = await outbound(proxy)
      second.write('hello')
      await until(() => application.sockets.size === 2)
      first.destroy()
      second.destroy()
      expect(await proxy.exited).toBe(0)
    },
    LIMIT_MS,
  )

  test(
    'goes to another replica, and connections are taken meanwhile',
    async () => {
      using application = await startSilentServer()
      await using plane = await controlPlane(application.port)
      await using pod = await podEnvironment(plane, 'token')
      await using proxy = startProxyProcess(BUN, pod.env)
      await proxy.event('ready')
      await until(() => plane.streams.length === 1)
      plane.streams[0]!.end()
      const meanwhile = await outbound(proxy)
      meanwhile.write('hello')
      await until(() => plane.streams.length === 2)
      await until(() => application.sockets.size === 1)
      // By what it holds already, so that nothing is sent again.
      expect(plane.streams[1]!.request.subscriptions).toMatchObject([{ key: KEY, version: 'v1' }])
      meanwhile.destroy()
    },
    LIMIT_MS,
  )
})
