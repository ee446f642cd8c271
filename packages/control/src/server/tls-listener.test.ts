import { once } from 'node:events'
import { connect as connectTcp, createServer, type Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { systemClock } from '@heddle/base/clock'
import { createTestCa, type TestCa, type TestIdentity } from '@heddle/testkit/test-ca'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ServerTls } from '../ca/server-identity.ts'
import { ListenError } from './bind-server.ts'
import { listenTls, type TlsListener } from './tls-listener.ts'

let ca: TestCa
let listener: TlsListener
let ousted: number
const MAX_UNPROVEN = 32
const MAX_PER_PEER = 4
const sockets: TLSSocket[] = []

beforeEach(async () => {
  ca = await createTestCa()
  ousted = 0
  listener = await start({ host: '127.0.0.1', port: 0 })
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await listener.close(0)
})

async function serverTls(): Promise<ServerTls> {
  const identity = await ca.issue({
    uris: ['spiffe://heddle.local/ns/heddle/sa/control-plane'],
    dnsNames: ['localhost'],
  })
  return { ...identity, notBeforeMs: 0 }
}

async function start(address: { readonly host: string; readonly port: number }): Promise<TlsListener> {
  return listenTls({
    address,
    tls: await serverTls(),
    handler: (_request, response) => void response.end('well'),
    onSecure: (socket) => socket.getPeerX509Certificate()?.subjectAltName,
    onOusted: () => {
      ousted += 1
    },
    onHandshakeError: () => undefined,
    maxUnproven: MAX_UNPROVEN,
    maxPerPeer: MAX_PER_PEER,
    clock: systemClock,
  })
}

async function open(identity: Partial<TestIdentity> = {}, localAddress = '127.0.0.1'): Promise<TLSSocket> {
  const { port } = listener.address
  const { certificateChainPem: cert, privateKeyPem: key } = identity
  const shown = cert === undefined || key === undefined ? {} : { cert, key }
  const tcp = connectTcp({ host: '127.0.0.1', port, localAddress })
  const socket = connect({ socket: tcp, ca: ca.trustBundlePem, servername: 'localhost', ...shown })
  sockets.push(socket)
  socket.on('error', () => undefined)
  // A socket that nobody reads never notices its end.
  socket.on('data', () => undefined)
  await once(socket, 'secureConnect')
  return socket
}

/** A connection of another address that says nothing. */
async function neighbour(): Promise<Socket> {
  const socket = connectTcp({ host: '127.0.0.1', port: listener.address.port, localAddress: '127.0.0.2' })
  socket.on('error', () => undefined)
  socket.resume()
  await once(socket, 'connect')
  return socket
}

/** Asks over an open connection. */
async function ask(socket: TLSSocket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')
  const [answer] = await once(socket, 'data')
  return String(answer)
}

describe('listenTls()', () => {
  test('gives a new certificate to new connections, and open ones go on', async () => {
    const before = await open()
    listener.rotate(await serverTls())
    const after = await open()
    expect(after.getPeerCertificate().serialNumber).not.toBe(before.getPeerCertificate().serialNumber)
    expect(await ask(before)).toContain('200 OK')
    expect(await ask(after)).toContain('200 OK')
  })

  test('speaks TLS 1.3 only', async () => {
    expect((await open()).getProtocol()).toBe('TLSv1.3')
  })

  test('closes idle connections at once when it is closed, and busy ones at the limit', async () => {
    const idle = await open()
    await ask(idle)
    const busy = await open()
    busy.write('POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n')
    const ends = [idle, busy].map((socket) => once(socket, 'close'))
    await listener.close(100)
    await Promise.all(ends)
    expect([idle.destroyed, busy.destroyed]).toEqual([true, true])
  })

  test('goes on for whoever has proved an identity, and for newcomers, while a neighbour fills it', async () => {
    const early = await open()
    const proxy = await open(await ca.issueFor('spiffe://heddle.local/ns/shop/sa/web'))
    await Promise.all(Array.from({ length: 100 }, () => neighbour()))
    expect(await ask(await open())).toContain('200 OK')
    expect(await ask(proxy)).toContain('200 OK')
    expect(await ask(early)).toContain('200 OK')
    expect(ousted).toBe(2 + 100 - MAX_UNPROVEN)
  })

  test('holds one identity at one address to a few connections, of which the oldest goes, and leaves others theirs', async () => {
    const [web, cart] = [
      await ca.issueFor('spiffe://heddle.local/ns/shop/sa/web'),
      await ca.issueFor('spiffe://heddle.local/ns/shop/sa/cart'),
    ]
    const others = [await open(cart), await open(web, '127.0.0.2')]
    const flood: TLSSocket[] = []
    for (let at = 0; at < 3 * MAX_PER_PEER; at++) flood.push(await open(web))
    const early = flood.slice(0, -MAX_PER_PEER)
    await Promise.all(early.map((socket) => socket.closed || once(socket, 'close')))
    for (const socket of [...flood.slice(-MAX_PER_PEER), ...others]) expect(await ask(socket)).toContain('200 OK')
    expect(ousted).toBe(early.length)
  })

  test('gives back the place of a connection however it ends', async () => {
    for (let round = 0; round < 3; round++) {
      const flood = await Promise.all(Array.from({ length: MAX_UNPROVEN - 5 }, () => neighbour()))
      for (const [at, socket] of flood.entries()) {
        if (at % 3 === 0) socket.end('no TLS at all')
        else if (at % 3 === 1) socket.resetAndDestroy()
        else socket.destroy()
      }
      await Promise.all(flood.map((socket) => socket.closed || once(socket, 'close')))
      const secure = await open()
      expect(await ask(secure)).toContain('200 OK')
      secure.destroy()
    }
    expect(ousted).toBe(0)
  })

  test('cuts connections before their handshake, too, when it is closed', async () => {
    const silent = await neighbour()
    const ended = once(silent, 'close')
    await listener.close(0)
    await ended
  })

  test('names the address that it cannot have', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    await expect(start({ host: '127.0.0.1', port })).rejects.toThrow(ListenError)
    await expect(start({ host: '127.0.0.1', port })).rejects.toThrow(`127.0.0.1:${port}: listen EADDRINUSE`)
    other.close()
  })
})
