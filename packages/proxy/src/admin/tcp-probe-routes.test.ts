import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { systemClock } from '@heddle/base/clock'
import { createLog } from '@heddle/base/log'
import { Registry } from '@heddle/telemetry/registry'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { probeRoutes } from './admin-routes.ts'
import { listenProbe } from './admin-server.ts'
import { tcpProbeRoutes } from './tcp-probe-routes.ts'

/** An address of this file alone: a port that is free for a moment is given to no other test. */
const HOST = '127.0.0.79'

/** An application that can begin and cease to listen, and a proxy's probe listener that is told of its port. */
async function startWorld(timeoutSeconds = 10) {
  const sockets: Socket[] = []
  const onSocket = (socket: Socket) => sockets.push(socket.on('error', () => {}))
  const { port, close } = await listening(createServer(onSocket), 0)
  await close()
  const logged: string[] = []
  const log = createLog((line) => logged.push(line), 'info')
  const routes = tcpProbeRoutes([{ port, timeoutSeconds }], { host: HOST, clock: systemClock, log })
  const handler = probeRoutes({ registry: new Registry(), notReady: () => ['no certificate yet'] }, routes)
  const probe = await listenProbe({ host: HOST, port: 0 }, handler, systemClock)
  const url = `http://${HOST}:${probe.address.port}`
  return {
    port,
    sockets,
    logged,
    path: `/probe/tcp/${port}/${timeoutSeconds}`,
    listen: () => listening(createServer(onSocket), port),
    async ask(path: string) {
      const answer = await fetch(url + path)
      return { status: answer.status, text: await answer.text() }
    },
    knock: () => connect(probe.address.port, HOST),
    [Symbol.dispose]: () => {
      probe.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

async function listening(server: Server, port: number) {
  server.listen(port, HOST)
  await once(server, 'listening')
  const close = async () => {
    server.close()
    await once(server, 'close')
  }
  return { port: (server.address() as AddressInfo).port, close }
}

test('a probe is refused before the application listens, let through while it does, and refused again', async () => {
  using world = await startWorld()
  const before = await world.ask(world.path)
  expect(before.status).toBe(503)
  expect(before.text).toContain(`${HOST}:${world.port}`)
  const application = await world.listen()
  expect(await world.ask(world.path)).toEqual({ status: 200, text: `${HOST}:${world.port} takes connections\n` })
  expect(await world.ask(world.path)).toMatchObject({ status: 200 })
  for (const socket of world.sockets) socket.destroy()
  await application.close()
  expect(await world.ask(world.path)).toMatchObject({ status: 503 })
  expect(world.logged.map((line) => JSON.parse(line).status)).toEqual([503, 200, 503])
})

test('no port is asked but the one that was named', async () => {
  using world = await startWorld()
  const other = await listening(createServer(), 0)
  for (const path of [
    `/probe/tcp/${other.port}/1`,
    `/probe/tcp/${world.port}/2`,
    `/probe/tcp/${world.port}`,
    '/probe/tcp/',
    `${world.path}/`,
  ]) {
    expect(await world.ask(path), path).toMatchObject({ status: 404 })
  }
  await other.close()
})

test('many who ask at once cause one connect, and all get its answer', async () => {
  using world = await startWorld()
  const application = await world.listen()
  const routes = tcpProbeRoutes([{ port: world.port, timeoutSeconds: 10 }], {
    host: HOST,
    clock: systemClock,
    log: createLog(() => {}, 'off'),
  })
  const ask = routes[`GET ${world.path}`]!
  const request = { method: 'GET', path: world.path, query: new URLSearchParams(), body: '' }
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask(request)))
  expect(answers.map(({ status }) => status)).toEqual(new Array(50).fill(200))
  expect(await ask(request)).toMatchObject({ status: 200 })
  for (const socket of world.sockets) socket.destroy()
  await application.close()
  expect(world.sockets).toHaveLength(2)
})

test.each([
  { timeoutSeconds: 1, waitMs: 800 },
  { timeoutSeconds: 5, waitMs: 4_800 },
  { timeoutSeconds: 600, waitMs: 25_000 },
])(
  'the answer to a kubelet that waits $timeoutSeconds s comes after $waitMs ms at most',
  async ({ timeoutSeconds, waitMs }) => {
    const clock = new ManualClock()
    const log = createLog(() => {}, 'off')
    const [ask] = Object.values(tcpProbeRoutes([{ port: 9, timeoutSeconds }], { host: HOST, clock, log }))
    const answer = ask!({ method: 'GET', path: '', query: new URLSearchParams(), body: '' })
    // In this turn nothing of the network is heard.
    clock.advance(waitMs - 1)
    expect(clock.waiting).toBe(1)
    clock.advance(1)
    expect(await answer).toMatchObject({ status: 503, body: `no answer at ${HOST}:9 in ${waitMs} ms\n` })
  },
)

test('a client that goes before the answer harms nothing', async () => {
  using world = await startWorld()
  const client = world.knock()
  await once(client, 'connect')
  client.write(`GET ${world.path} HTTP/1.1\r\nhost: a\r\n\r\n`)
  client.destroy()
  expect(await world.ask(world.path)).toMatchObject({ status: 503 })
})
