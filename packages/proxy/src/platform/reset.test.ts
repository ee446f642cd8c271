import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { portOf, startTls } from '../../test/harness/tls-far-end.ts'
import { resetSocket } from './reset.ts'

let server: Server
let far: Socket
let near: Socket
/** Beneath `near`, where that is TLS. */
let raw: Socket | undefined

async function openPlain(): Promise<void> {
  server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  far = connect({ port: portOf(server), host: '127.0.0.1', allowHalfOpen: true })
  near = (await accepted)[0] as Socket
  raw = undefined
}

/** As the proxy terminates TLS: on a socket that it has accepted itself. */
async function openTls(): Promise<void> {
  const { tls, dial } = await startTls({ allowHalfOpen: true })
  server = createServer({ allowHalfOpen: true }, (socket) => {
    raw = socket
    tls.emit('connection', socket)
  }).listen(0, '127.0.0.1')
  const pair = await dial(server)
  far = pair.far
  near = pair.near
}

const WHEN = [
  { when: 'at once', wait: () => undefined },
  { when: 'in the next microtask', wait: () => Promise.resolve() },
  { when: 'at the next tick', wait: () => new Promise<void>((resolve) => process.nextTick(resolve)) },
  { when: 'in the next round', wait: () => new Promise((resolve) => setImmediate(resolve)) },
]

describe.each([
  { name: 'a TCP socket', open: openPlain },
  { name: 'a TLS socket', open: openTls },
])('resetSocket() closes $name', ({ open }) => {
  beforeEach(async () => {
    await open()
    for (const socket of [far, near, raw]) socket?.on('error', () => {})
    far.resume()
  })

  afterEach(() => {
    far.destroy()
    server.close()
  })

  async function closed(): Promise<void> {
    await Promise.all([near, raw].filter((socket) => socket !== undefined).map((socket) => once(socket, 'close')))
  }

  test.each(WHEN)('that was to end in order, $when', async ({ wait }) => {
    const end = closed()
    near.write('the last octets')
    near.end()
    await wait()
    resetSocket(near, raw)
    await end
    expect(near.destroyed).toBe(true)
  })

  test.each(WHEN)('that was given octets, $when', async ({ wait }) => {
    const end = closed()
    near.write('some octets')
    await wait()
    resetSocket(near, raw)
    await end
    expect(near.destroyed).toBe(true)
  })

  test('that has octets to write, so that nobody takes what came for all', async () => {
    const end = closed()
    const broken = new Promise<Error>((resolve) => far.once('error', resolve))
    far.pause()
    near.write(Buffer.alloc(32 * 2 ** 20))
    near.end()
    resetSocket(near, raw)
    await end
    far.resume()
    expect(await broken).toBeInstanceOf(Error)
  })
})
