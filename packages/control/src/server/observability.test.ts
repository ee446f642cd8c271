import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Registry } from '@heddle/telemetry/registry'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listenObservability, type Observability } from './observability.ts'

const LIVE = 'GET /live HTTP/1.1\r\nhost: a\r\n\r\n'

describe('listenObservability()', () => {
  let server: Observability
  const sockets: Socket[] = []

  beforeEach(async () => {
    const address = { host: '127.0.0.1', port: 0 }
    server = await listenObservability({ address, registry: new Registry(), notReady: () => [] })
  })
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await server.close()
  })

  async function connected(localAddress: string): Promise<Socket> {
    const socket = connect({ port: server.address.port, host: '127.0.0.1', localAddress })
    sockets.push(socket)
    // One that is closed for another is reset.
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }

  async function ask(socket: Socket, request: string): Promise<string> {
    socket.write(request)
    const [answer] = await once(socket, 'data')
    return String(answer)
  }

  test('answers a kubelet whose connection is older than all of a neighbour that floods it', async () => {
    const kubelet = await connected('127.0.0.1')
    const flood = await Promise.all(Array.from({ length: 200 }, () => connected('127.0.0.2')))
    expect(await ask(flood.at(-1)!, LIVE)).toContain('200 OK')
    expect(await ask(kubelet, LIVE)).toContain('200 OK')
    const { open, ended } = await stateOf(flood)
    expect(open).toBeLessThan(64)
    expect(ended).toBeGreaterThan(136)
  })

  test.each([
    {
      name: 'anything but a GET',
      request: 'POST /metrics HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n',
      status: 405,
    },
    { name: 'other pages', request: 'GET /debug/pprof HTTP/1.1\r\nhost: a\r\n\r\n', status: 404 },
    { name: 'a head without end', request: `GET /live HTTP/1.1\r\na: ${'b'.repeat(100_000)}\r\n\r\n`, status: 431 },
  ])('refuses $name with $status', async ({ request, status }) => {
    expect(await ask(await connected('127.0.0.1'), request)).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  })
})

/** Of the clients' ends: those that were destroyed there are told here by an end or a reset. */
async function stateOf(sockets: readonly Socket[]): Promise<{ readonly open: number; readonly ended: number }> {
  for (const socket of sockets) socket.resume()
  const gone = () => sockets.filter((socket) => socket.destroyed || socket.readableEnded).length
  while (gone() <= 136) await new Promise((resolve) => setImmediate(resolve))
  return { open: sockets.length - gone(), ended: gone() }
}
