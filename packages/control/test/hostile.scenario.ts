import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { Code } from '@connectrpc/connect'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ControlWorld, createControlWorld } from './control-world.ts'
import { nodeOf } from './discovery-world.ts'
import { serviceYaml } from './mesh-objects.ts'

/** For an answer that must come. */
const PATIENCE_MS = 30_000

let world: ControlWorld
let ca: string
beforeAll(async () => {
  world = await createControlWorld(serviceYaml('web'))
  const control = await world.start()
  ca = await readFile(control.trustBundleFile, 'utf8')
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

/** Whatever came before, an ordinary call must be answered. */
async function isWell(): Promise<boolean> {
  const { trustDomain } = await (await world.admin()).getVersion({})
  return trustDomain === 'heddle.local'
}

function tcp(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp(world.control.addresses[0]!.port, '127.0.0.1', () => resolve(socket))
    socket.once('error', reject)
  })
}

interface TlsTry {
  readonly ALPNProtocols?: string[]
  readonly maxVersion?: 'TLSv1.2'
  readonly localAddress?: string
}

function tls(options: TlsTry = {}): Promise<TLSSocket> {
  const { port } = world.control.addresses[0]!
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port, ca, servername: 'localhost', ...options }, () =>
      resolve(socket),
    )
    // Later ones are what happens to a hostile client.
    socket.on('error', reject)
  })
}

/** What comes back until the other side ends, or says nothing for that long. */
function answerOf(socket: Socket, silenceMs = 1_000): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const end = () => resolve(text)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    socket.on('error', end)
    socket.on('close', end)
    socket.setTimeout(silenceMs, () => socket.destroy())
  })
}

describe('goes on after', () => {
  test.each([
    { name: 'bytes that are no TLS', bytes: 'GET / HTTP/1.1\r\n\r\n' },
    { name: 'a hello that is cut short', bytes: '\x16\x03\x01\x02\x00\x01' },
    { name: 'nothing', bytes: '' },
  ])('$name', async ({ bytes }) => {
    const socket = await tcp()
    socket.end(Buffer.from(bytes, 'latin1'))
    await answerOf(socket)
    expect(await isWell()).toBe(true)
  })

  test.each([
    { name: 'bytes that are no HTTP', protocols: ['http/1.1'], bytes: 'hello\r\n\r\n' },
    { name: 'bytes that are no HTTP/2', protocols: ['h2'], bytes: 'hello, this is no preface at all\r\n' },
    { name: 'a protocol that nobody speaks', protocols: ['smtp'], bytes: 'EHLO\r\n' },
    {
      name: 'two lengths',
      protocols: ['http/1.1'],
      bytes: 'POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
    },
    { name: 'a path of nothing', protocols: ['http/1.1'], bytes: 'POST * HTTP/1.1\r\nhost: a\r\n\r\n' },
    { name: 'a host that is none', protocols: ['http/1.1'], bytes: 'GET / HTTP/1.1\r\nhost: a b\r\n\r\n' },
    { name: 'no host', protocols: ['http/1.1'], bytes: 'GET / HTTP/1.0\r\n\r\n' },
  ])('$name in TLS', async ({ protocols, bytes }) => {
    const socket = await tls({ ALPNProtocols: protocols }).catch(() => undefined)
    if (socket !== undefined) {
      socket.write(bytes)
      expect(await answerOf(socket)).not.toMatch(/^HTTP\/1.1 200/)
    }
    expect(await isWell()).toBe(true)
  })

  test('a connection that is reset with a request under way', async () => {
    for (let at = 0; at < 20; at++) {
      const raw = await tcp()
      const socket = connectTls({ socket: raw, ca, servername: 'localhost' })
      await once(socket, 'secureConnect')
      socket.on('error', () => undefined)
      const path = '/heddle.discovery.v1.DiscoveryService/Watch'
      socket.write(`POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/connect+json\r\n`)
      socket.write('content-length: 100\r\n\r\n{')
      raw.resetAndDestroy()
    }
    expect(await isWell()).toBe(true)
  })

  test('a neighbour that begins calls and ends none', async () => {
    const head = `POST /heddle.identity.v1.IdentityService/Sign HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n`
    const sockets = await Promise.all(Array.from({ length: 300 }, () => tls({ localAddress: '127.0.0.2' })))
    for (const socket of sockets) socket.write(`${head}content-length: 100\r\n\r\n{`)
    const [[refused]] = await Promise.all([once(sockets.at(-1)!, 'data'), isWell()])
    expect(String(refused)).toMatch(/^HTTP\/1.1 503 /)
    const identity = await world.identity()
    await expect(identity.sign({ joinToken: 'none' })).rejects.toMatchObject({ code: Code.Unauthenticated })
    for (const socket of sockets) socket.destroy()
    expect(await isWell()).toBe(true)
  })

  test('older versions of TLS, which are refused', async () => {
    await expect(tls({ maxVersion: 'TLSv1.2' })).rejects.toThrow()
    expect(await isWell()).toBe(true)
  })
})

describe('refuses in words', () => {
  const call = async (path: string, body: string, type = 'application/json') => {
    const socket = await tls()
    const token = (await readFile(world.control.adminTokenFile, 'utf8')).trim()
    const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: ${type}`
    socket.write(
      `${head}\r\nauthorization: Bearer ${token}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
    return answerOf(socket, PATIENCE_MS)
  }

  test.each([
    {
      name: 'JSON that is none',
      path: '/heddle.admin.v1.AdminService/GetVersion',
      body: '{',
      answer: 'invalid_argument',
    },
    {
      name: 'a field of another type',
      path: '/heddle.admin.v1.AdminService/Stat',
      body: '{"windowMs":"x"}',
      answer: 'invalid_argument',
    },
    { name: 'a method that is none', path: '/heddle.admin.v1.AdminService/Frob', body: '{}', answer: '404' },
    { name: 'a path that is none', path: '/etc/passwd', body: '{}', answer: '404' },
  ])('$name', async ({ path, body, answer }) => {
    expect(await call(path, body)).toContain(answer)
  })

  test('a message above the limit, of each service', async () => {
    const tooMuch = { code: Code.ResourceExhausted }
    const name = 'x'.repeat(2 * 1024 * 1024)
    const admin = await world.admin()
    await expect(admin.listServices({ namespace: name })).rejects.toMatchObject(tooMuch)
    const identity = await world.identity()
    await expect(identity.sign({ csr: new Uint8Array(64 * 1024) })).rejects.toMatchObject(tooMuch)
    const tls = await world.certificate('shop', 'web')
    const telemetry = await world.telemetry(tls)
    await expect(telemetry.report({ epoch: name.repeat(2) })).rejects.toMatchObject(tooMuch)
    const discovery = await world.discovery(tls)
    await expect(discovery.acknowledge({ streamId: name.repeat(16) })).rejects.toMatchObject(tooMuch)
  })

  test('a message that is nested without end, and answers others soon after', async () => {
    const depth = 30_000
    const body = `{"namespace":${'['.repeat(depth)}${']'.repeat(depth)}}`
    expect(await call('/heddle.admin.v1.AdminService/ListServices', body)).toContain('invalid_argument')
    expect(await isWell()).toBe(true)
  })

  test.each([
    { name: 'no node', request: {}, says: 'node: must be set' },
    {
      name: 'an address that is none',
      request: { node: nodeWith({ address: 'localhost' }) },
      says: 'not an IP address',
    },
    {
      name: 'a key of megabytes',
      request: { node: nodeOf('web'), subscriptions: [{ key: 'k'.repeat(1e5) }] },
      says: 'key: must',
    },
  ])('a stream with $name', async ({ request, says }) => {
    const discovery = await world.discovery(await world.certificate('shop', 'web'))
    const messages = discovery.watch(request)[Symbol.asyncIterator]()
    await expect(messages.next()).rejects.toThrow(says)
  })
})

function nodeWith(port: { readonly address: string }) {
  const { $typeName: _, ports, ...node } = nodeOf('web')
  return { ...node, ports: [{ name: 'http', port: 8080, addressPort: 8080, ...port }] }
}
