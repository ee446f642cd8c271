import { connect as connectTls } from 'node:tls'
import { createTestCa } from '@heddle/testkit/test-ca'
import { expect, test } from 'vitest'
import type { TlsMaterial } from '../src/workload.ts'
import { answering, dial, ok, startServer } from './harness/peer.ts'
import { waitFor } from './harness/wait-for.ts'
import { idOf, inbound, outbound, service, startTwoHops, type TestProxy, World } from './harness/world.ts'

/** A root is replaced by another of the same name while proxies run. What they are given in each step comes from `control`. */

const CART = 'name:cart.shop:80'
const GET = 'GET / HTTP/1.1\r\nhost: cart.shop\r\n\r\n'

/** What a proxy has, in the order in which it gets it. */
const STATES = ['unprepared', 'prepared', 'renewed', 'retired'] as const
type State = (typeof STATES)[number]

/** Makes what a workload has in a state, of a former and a next authority whose roots cannot be told apart by their names. */
async function twoRoots() {
  const [former, next] = [await createTestCa(Date.now(), 'Heddle root'), await createTestCa(Date.now(), 'Heddle root')]
  const both = former.trustBundlePem + next.trustBundlePem
  const bundles = { unprepared: former.trustBundlePem, prepared: both, renewed: both, retired: next.trustBundlePem }
  return async (name: string, state: State): Promise<TlsMaterial> => {
    const signer = state === 'unprepared' || state === 'prepared' ? former : next
    return { ...(await signer.issueFor(idOf(name))), trustBundlePem: bundles[state] }
  }
}

async function ask(proxy: TestProxy): Promise<string> {
  using client = await dial(proxy.port)
  client.send(GET.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'))
  await client.untilEnd()
  return client.received
}

/** A step begins only when nobody is left who is more than one behind. */
const MEETINGS = STATES.flatMap((client, at) =>
  STATES.map((server, other) => ({ client, server, is: Math.abs(at - other) <= 1 ? 'served' : 'refused' })),
)

test.each(MEETINGS)('a client that is $client is $is by a server that is $server', async ({ client, server, is }) => {
  await using world = await World.create()
  const materialOf = await twoRoots()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const far = await world.proxy({
    identity: await world.identity('cart', await materialOf('cart', server)),
    listeners: [inbound(app.port)],
  })
  const near = await world.proxy({
    identity: await world.identity('web', await materialOf('web', client)),
    listeners: [outbound(CART)],
    destinations: { [CART]: service([far.port], { identity: idOf('cart') }) },
  })
  const answer = await ask(near)
  if (is === 'served') expect(answer).toContain('hello')
  else expect(answer).toMatch(/heddle-error: (peer_certificate_untrusted|refused_by_peer)/)
  expect(app.peers.length > 0).toBe(is === 'served')
})

test('no request fails while running proxies change over, in whichever order, and open connections stay', async () => {
  await using world = await World.create()
  const materialOf = await twoRoots()
  const app = world.keep(await startServer(answering(ok('hello'))))
  const { client, server, clientIdentity, serverIdentity } = await startTwoHops(world, app.port)
  serverIdentity.rotate(await materialOf('cart', 'unprepared'))
  clientIdentity.rotate(await materialOf('web', 'unprepared'))
  using open = await dial(client.port)
  const askAll = async () => {
    open.clear()
    open.send(GET)
    await open.until('hello')
    for (const answer of await Promise.all([ask(client), ask(client), ask(client)])) expect(answer).toContain('hello')
  }
  await askAll()
  const first = server.traffic.opened
  // The server is late with the second step, the client with the third.
  const turns = [
    ['web', 'prepared'],
    ['cart', 'prepared'],
    ['web', 'renewed'],
    ['cart', 'renewed'],
    ['cart', 'retired'],
    ['web', 'retired'],
  ] as const
  for (const [name, state] of turns) {
    const identity = name === 'web' ? clientIdentity : serverIdentity
    identity.rotate(await materialOf(name, state))
    await askAll()
  }
  expect(server.traffic.opened, 'connections by the new certificates').toBeGreaterThan(first)
  expect([...client.traffic.errors, ...server.traffic.errors]).toEqual([])
})

test('a session that began by a certificate of the former root is not resumed once that is retired', async () => {
  await using world = await World.create()
  const materialOf = await twoRoots()
  const app = world.keep(await startServer(answering(ok('secret'))))
  const identity = await world.identity('cart', await materialOf('cart', 'renewed'))
  const server = await world.proxy({ identity, listeners: [inbound(app.port)] })
  const own = await materialOf('web', 'prepared')
  const connect = (session?: Buffer) => {
    const socket = connectTls({
      port: server.port,
      host: '127.0.0.1',
      servername: identity.serverName,
      ca: own.trustBundlePem,
      cert: own.certificateChainPem,
      key: own.privateKeyPem,
      checkServerIdentity: () => undefined,
      ALPNProtocols: ['http/1.1'],
      ...(session === undefined ? {} : { session }),
    })
    const seen = { received: '', sessions: [] as Buffer[], isClosed: false, socket }
    socket.on('data', (bytes: Buffer) => {
      seen.received += bytes.toString('latin1')
    })
    socket.on('session', (ticket: Buffer) => seen.sessions.push(ticket))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      seen.isClosed = true
    })
    socket.on('secureConnect', () => socket.write(GET))
    return seen
  }
  const before = connect()
  await waitFor('an answer and a ticket', () => before.received.includes('secret') && before.sessions.length > 0)
  before.socket.destroy()
  const resumed = connect(before.sessions.at(-1))
  await waitFor('an answer', () => resumed.received.includes('secret'))
  resumed.socket.destroy()

  identity.rotate(await materialOf('cart', 'retired'))
  const after = connect(before.sessions.at(-1))
  await waitFor('the close', () => after.isClosed)
  expect(after.received).toBe('')
  await waitFor('the refusal', () => server.metric('heddle_errors_total{error="client_identity_refused"') === 1)
})
