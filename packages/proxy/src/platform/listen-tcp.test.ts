import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { portOf } from '../../test/harness/tls-far-end.ts'
import { waitFor, waitForStandstill } from '../../test/harness/wait-for.ts'
import type { ByteSocket } from './byte-socket.ts'
import { listenForStreams, listenTcp, type TcpListener, type TcpListenerOptions } from './listen-tcp.ts'
import { readNow } from './read-now.ts'
import { resetSocket } from './reset.ts'
import { writeNow } from './write-now.ts'

/** More than the kernel keeps between two sockets. */
const MANY_BYTES = 24_000_000
const PARTS = 240

type Listen = (options: TcpListenerOptions) => Promise<TcpListener>

describe.each<{ name: string; listen: Listen }>([
  { name: 'listenForStreams()', listen: listenForStreams },
  { name: 'listenTcp()', listen: listenTcp },
])('a connection of $name', ({ listen }) => {
  let listener: TcpListener
  let accepted: ByteSocket[]
  let near: ByteSocket
  let far: Socket
  /** What happened to `near`. */
  let events: string[]
  let heard: Buffer[]
  let sent: Buffer[]

  async function dial(): Promise<Socket> {
    const before = accepted.length
    const socket = connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {})
    await once(socket, 'connect')
    await waitFor('the connection', () => accepted.length > before)
    return socket
  }

  function hear(): void {
    readNow(near, (bytes) => heard.push(Buffer.from(bytes)))
  }

  const heardText = () => Buffer.concat(heard).toString('latin1')
  const heardBytes = () => heard.reduce((sum, { length }) => sum + length, 0)
  const sentBytes = () => sent.reduce((sum, { length }) => sum + length, 0)

  beforeEach(async () => {
    accepted = []
    events = []
    heard = []
    sent = []
    const { accepted: all, events: noted } = { accepted, events }
    const onSocket = (socket: ByteSocket) => {
      const note = (event: string) => (socket === all[0] ? noted.push(event) : undefined)
      socket.on('error', () => note('error'))
      socket.on('end', () => note('end'))
      socket.on('close', () => note('close'))
      all.push(socket)
    }
    listener = await listen({ address: '127.0.0.1', port: 0, onSocket, onError: () => {} })
    far = await dial()
    near = accepted[0]!
  })

  afterEach(() => {
    listener.close()
    far.destroy()
    for (const socket of accepted) socket.destroy()
  })

  test('says nothing before it is resumed, and then all in order', async () => {
    near.pause()
    hear()
    far.write('first ')
    // What was written is there before what is written to another connection later.
    await dial()
    expect(heard).toEqual([])
    far.end('second')
    near.resume()
    await waitFor('the end', () => events.includes('end'))
    expect(heardText()).toBe('first second')
    expect(near.readableEnded).toBe(true)
  })

  test("says its octets by 'data' where nobody asked otherwise, and no more to who is gone", async () => {
    const onData = (bytes: Buffer) => {
      heard.push(bytes)
      near.off('data', onData)
      near.pause()
    }
    near.on('data', onData)
    near.resume()
    far.write('a')
    await waitFor('the first', () => heard.length > 0)
    far.end('b')
    hear()
    near.resume()
    await waitFor('the end', () => events.includes('end'))
    expect(heardText()).toBe('ab')
  })

  test('says nothing while it is paused', async () => {
    readNow(near, (bytes) => {
      heard.push(Buffer.from(bytes))
      near.pause()
    })
    near.resume()
    far.write('a')
    await waitFor('the first', () => heard.length > 0)
    far.end('b'.repeat(300_000))
    await dial()
    expect(heardText()).toBe('a')
    for (let calls = heard.length; !events.includes('end'); calls = heard.length) {
      near.resume()
      await waitFor('another', () => heard.length > calls || events.includes('end'))
    }
    expect(heardText()).toBe(`a${'b'.repeat(300_000)}`)
  })

  test('makes the other side wait while it is paused', async () => {
    near.pause()
    let taken = 0
    for (let i = 0; i < PARTS; i++) far.write(Buffer.alloc(MANY_BYTES / PARTS), () => (taken += MANY_BYTES / PARTS))
    expect(await waitForStandstill('the sender', () => taken)).toBeLessThan(MANY_BYTES)
    hear()
    near.resume()
    await waitFor('all of it', () => heardBytes() === MANY_BYTES)
  })

  test('says first what was put back', async () => {
    near.unshift(Buffer.from('first '))
    hear()
    far.end('second')
    near.resume()
    await waitFor('the end', () => events.includes('end'))
    expect(heardText()).toBe('first second')
  })

  test('keeps what the other side has no room for, in order', async () => {
    far.pause()
    far.on('data', (bytes: Buffer) => sent.push(bytes))
    const happened: string[] = []
    near.on('drain', () => happened.push('drain'))
    const whole = Buffer.alloc(MANY_BYTES, 'a')
    const taken = writeNow(near, whole, { start: 0, end: whole.length })
    expect(near.write(whole.subarray(taken), () => happened.push('written'))).toBe(false)
    expect(near.writableLength).toBeGreaterThan(0)
    expect(near.write(Buffer.from('b'))).toBe(false)
    far.resume()
    await waitFor('room', () => happened.includes('drain') && happened.includes('written'))
    expect(near.writableLength).toBe(0)
    expect(near.write(Buffer.from('c'))).toBe(true)
    await waitFor('all of it', () => sentBytes() === MANY_BYTES + 2)
    const all = Buffer.concat(sent)
    expect(all.subarray(0, MANY_BYTES).equals(whole)).toBe(true)
    expect(all.subarray(MANY_BYTES).toString('latin1')).toBe('bc')
  })

  test('keeps the order of what is written just when there is room again', async () => {
    far.pause()
    let parts = 0
    const writeNext = () => near.write(Buffer.alloc(MANY_BYTES / PARTS, parts++))
    while (near.writableLength === 0) writeNext()
    far.on('data', (bytes: Buffer) => {
      sent.push(bytes)
      if (parts < PARTS) writeNext()
    })
    far.resume()
    await waitFor('all of it', () => sentBytes() === MANY_BYTES)
    const all = Buffer.concat(sent)
    for (let i = 0; i < PARTS; i++) {
      const part = all.subarray((i * MANY_BYTES) / PARTS, ((i + 1) * MANY_BYTES) / PARTS)
      expect(part.equals(Buffer.alloc(part.length, i))).toBe(true)
    }
  })

  test('tells a writer that asks when all is written, also where all is at once', async () => {
    let isWritten = false
    near.write(Buffer.from('x'), () => {
      isWritten = true
    })
    await waitFor('the word', () => isWritten)
  })

  test('ends after what it still has to write', async () => {
    far.pause()
    far.on('data', (bytes: Buffer) => sent.push(bytes))
    let isFinished = false
    let hasFarEnded = false
    far.on('end', () => {
      hasFarEnded = true
    })
    near.write(Buffer.alloc(MANY_BYTES))
    near.end(() => {
      isFinished = true
    })
    expect(near.writable).toBe(false)
    far.resume()
    await waitFor('the end', () => hasFarEnded && isFinished)
    expect(sentBytes()).toBe(MANY_BYTES)
    expect(near.destroyed).toBe(false)
  })

  test('takes octets after the other side has ended, and closes once both have', async () => {
    far.on('data', (bytes: Buffer) => sent.push(bytes))
    hear()
    near.resume()
    far.end()
    await waitFor('the end', () => events.includes('end'))
    near.write(Buffer.from('late'))
    near.end()
    await waitFor('the close', () => events.includes('close'))
    await waitFor('the octets', () => sentBytes() === 4)
    expect(events).toEqual(['end', 'close'])
    expect(near.destroyed).toBe(true)
  })

  test('hears what comes after its own end, however late it is heard', async () => {
    const farEnded = once(far, 'end')
    far.resume()
    near.end()
    await farEnded
    far.end(Buffer.alloc(1_000_000))
    await dial()
    hear()
    near.resume()
    await waitFor('the close', () => events.includes('close'))
    expect(heardBytes()).toBe(1_000_000)
    expect(events).toEqual(['end', 'close'])
  })

  test('tells of a reset by the other side', async () => {
    let broken: Error | undefined
    near.on('error', (error) => {
      broken = error
    })
    hear()
    near.resume()
    far.resetAndDestroy()
    await waitFor('the close', () => events.includes('close'))
    expect(events).toEqual(['error', 'close'])
    expect(broken).toMatchObject({ message: 'read ECONNRESET', code: 'ECONNRESET' })
    expect(near.destroyed).toBe(true)
    expect(near.remoteAddress).toBeUndefined()
  })

  test('can be reset', async () => {
    let broken: (Error & { code?: string }) | undefined
    far.on('error', (error) => {
      broken = error
    })
    far.resume()
    resetSocket(near, undefined)
    await waitFor('the reset', () => broken !== undefined)
    expect(broken?.code).toBe('ECONNRESET')
    await waitFor('the close', () => events.includes('close'))
    expect(endOf(events)).toEqual(['close'])
  })

  test('says nothing more once it is destroyed, but its close', async () => {
    readNow(near, (bytes) => {
      heard.push(Buffer.from(bytes))
      near.destroy()
    })
    near.resume()
    for (let i = 0; i < 50; i++) far.write('x'.repeat(10_000))
    far.end()
    far.resume()
    await waitFor('the close', () => far.destroyed && events.includes('close'))
    expect(heard.length).toBe(1)
    expect(endOf(events)).toEqual(['close'])
  })

  test('knows its client', () => {
    expect(near.remoteAddress).toBe('127.0.0.1')
    expect(near.remotePort).toBe(far.localPort)
  })

  test('goes on when its listener is closed, which takes no other', async () => {
    listener.close()
    const refused = connect({ port: listener.port, host: '127.0.0.1' })
    const [error] = (await once(refused, 'error')) as [Error & { code?: string }]
    expect(error.code).toBe('ECONNREFUSED')
    hear()
    near.resume()
    far.end('still')
    await waitFor('the octets', () => heardText() === 'still')
  })

  test('has a listener that fails where the address is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const failed = listen({ address: '127.0.0.1', port: portOf(other), onSocket: () => {}, onError: () => {} })
    await expect(failed).rejects.toThrow(/in use|EADDRINUSE/)
    other.close()
  })

  test('comes by IPv6 where the listener has such an address', async () => {
    const addresses: Array<string | undefined> = []
    const onSocket = (socket: ByteSocket) => {
      addresses.push(socket.remoteAddress)
      socket.destroy()
    }
    const six = await listen({ address: '::1', port: 0, onSocket, onError: () => {} })
    connect({ port: six.port, host: '::1' }).on('error', () => {})
    await waitFor('the connection', () => addresses.length > 0)
    expect(addresses).toEqual(['::1'])
    six.close()
  })
})

/** How it closed. The streams of Bun say 'end' of what was destroyed, too. */
function endOf(events: readonly string[]): string[] {
  return events.filter((event) => event !== 'end')
}
