import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { portOf, startTls } from '../../test/harness/tls-far-end.ts'
import { readNow } from './read-now.ts'

let server: Server
let near: Socket
let far: Socket
let heard: string

async function openPlain(): Promise<void> {
  server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  far = connect(portOf(server), '127.0.0.1')
  near = (await accepted)[0] as Socket
}

async function openTls(): Promise<void> {
  const { tls, dial } = await startTls()
  server = tls.listen(0, '127.0.0.1')
  const pair = await dial(server)
  far = pair.far
  near = pair.near
}

function listen(): void {
  readNow(near, (bytes) => {
    heard += Buffer.from(bytes).toString('latin1')
  })
}

describe.each([
  { name: 'a TCP socket', open: openPlain },
  { name: 'a TLS socket', open: openTls },
])('$name', ({ open }) => {
  beforeEach(async () => {
    await open()
    far.on('error', () => {})
    heard = ''
  })

  afterEach(() => {
    near.destroy()
    far.destroy()
    server.close()
  })

  test('octets come in order, and the end after them', async () => {
    listen()
    const sent = Array.from({ length: 200 }, (_, i) => `${i},`)
    for (const text of sent) far.write(text)
    far.end()
    await once(near, 'end')
    expect(heard).toBe(sent.join(''))
  })

  test('what was given back to the stream comes before what follows', async () => {
    near.pause()
    near.unshift(Buffer.from('first '))
    listen()
    far.end('second')
    near.resume()
    await once(near, 'end')
    expect(heard).toBe('first second')
  })

  test('nothing comes while it is paused, and all of it in order afterwards', async () => {
    const paused = Promise.withResolvers<void>()
    readNow(near, (bytes) => {
      heard += Buffer.from(bytes).toString('latin1')
      if (heard !== 'a') return
      near.pause()
      paused.resolve()
    })
    far.write('a')
    await paused.promise
    far.end('b'.repeat(300_000))
    // The octets are on their way: longer than it takes to open another connection.
    await once(connect(portOf(server), '127.0.0.1').unref(), 'connect')
    const before = heard
    near.resume()
    await once(near, 'end')
    expect(before).toBe('a')
    expect(heard).toBe(`a${'b'.repeat(300_000)}`)
  })

  test('a listener that pauses is not called again before it resumes', async () => {
    const calls: boolean[] = []
    readNow(near, () => {
      calls.push(near.isPaused())
      near.pause()
      queueMicrotask(() => near.resume())
    })
    for (let i = 0; i < 50; i++) far.write('x'.repeat(1000))
    far.end()
    await once(near, 'end')
    expect(calls.length).toBeGreaterThan(0)
    expect(calls).not.toContain(true)
  })

  test('a listener that destroys the socket hears nothing more', async () => {
    let calls = 0
    readNow(near, () => {
      calls += 1
      near.destroy()
    })
    const closed = new Promise<void>((resolve) => far.once('close', () => resolve()))
    for (let i = 0; i < 50; i++) far.write('x'.repeat(10_000))
    await closed
    expect(calls).toBe(1)
  })
})
