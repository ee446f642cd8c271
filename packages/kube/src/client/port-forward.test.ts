import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { describe, expect, test, vi } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { openPortForward } from './port-forward.ts'

/** Real sockets are between a deed and what comes of it. */
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 })

const PORT = 8080
const TARGET = { namespace: 'shop', pod: 'web-0', port: PORT }

/** What the pod's side does with a connection that is open. */
type PodSide = (pod: { socket: WebSocket; say(text: string | Buffer): void; fail(text: string): void }) => void

const echo: PodSide = ({ socket, say }) => socket.on('message', (frame: Buffer) => say(frame.subarray(1)))

/** An API server that knows one path, and what a kubelet and a container runtime do behind it. */
async function startWorld(side: PodSide = echo) {
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered][0]! })
  const asked: IncomingMessage[] = []
  const server = createServer()
  let refusal: string | undefined
  const upgraded = new Set<Duplex>()
  server.on('upgrade', (request, socket, head) => {
    upgraded.add(socket)
    asked.push(request)
    if (refusal !== undefined) {
      socket.end(`HTTP/1.1 403 Forbidden\r\nContent-Length: ${refusal.length}\r\n\r\n${refusal}`)
      return
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      const send = (channel: number, bytes: Buffer) => opened.send(Buffer.concat([Buffer.from([channel]), bytes]))
      const port = Buffer.from([PORT & 255, PORT >> 8])
      send(0, port)
      send(1, port)
      const fail = (text: string) => {
        send(1, Buffer.from(text))
        opened.close()
      }
      side({ socket: opened, say: (text) => send(0, Buffer.from(text)), fail })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const agent = new Agent()
  const access = {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    contextName: 'fake',
    namespace: 'default',
    credentials: async () => ({ headers: { Authorization: 'Bearer t', 'Impersonate-Group': ['a', 'b'] }, agent }),
    forgetCredentials() {},
    close() {},
  }
  const clock = new ManualClock()
  const failures: string[] = []
  return {
    asked,
    access,
    clock,
    failures,
    sockets,
    refuse: (body: string) => {
      refusal = body
    },
    open: () => openPortForward(access, TARGET, { clock, onFailure: (error) => failures.push(error.message) }),
    async [Symbol.asyncDispose]() {
      for (const socket of upgraded) socket.destroy()
      agent.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Client {
  readonly socket: Socket
  readonly said: () => string
  readonly ended: Promise<unknown>
}

function talk(port: number): Client {
  const socket = connect({ port, host: '127.0.0.1' })
  let said = ''
  socket.on('data', (bytes: Buffer) => {
    said += bytes.toString('latin1')
  })
  socket.on('error', () => {})
  const ended = new Promise((resolve) => socket.on('close', resolve))
  return { socket, said: () => said, ended }
}

describe('openPortForward()', () => {
  test('carries bytes both ways, as the user that the access is for', async () => {
    await using world = await startWorld()
    const forward = await world.open()
    const client = talk(forward.port)
    client.socket.write('hello')
    await eventually(() => expect(client.said()).toBe('hello'))
    expect(world.asked[0]).toMatchObject({
      url: '/api/v1/namespaces/shop/pods/web-0/portforward?ports=8080',
      headers: {
        authorization: 'Bearer t',
        'impersonate-group': 'a, b',
        'sec-websocket-protocol': 'v4.channel.k8s.io',
      },
    })
    await forward.close()
    await client.ended
  })

  test('carries several connections, each by its own', async () => {
    await using world = await startWorld()
    const forward = await world.open()
    const clients = ['one', 'two', 'three'].map((text) => ({ text, client: talk(forward.port) }))
    for (const { text, client } of clients) client.socket.write(text)
    for (const { text, client } of clients) await eventually(() => expect(client.said()).toBe(text))
    expect(world.asked).toHaveLength(3)
    await forward.close()
  })

  test('carries much, in order, also to a client that reads late', async () => {
    await using world = await startWorld()
    const forward = await world.open()
    const client = talk(forward.port)
    const sent = Buffer.alloc(8 * 1024 * 1024, 'abcdefghijklmnopqrstuvwxyz0123456789')
    client.socket.pause()
    client.socket.write(sent)
    await eventually(() => expect(client.socket.bytesRead).toBeGreaterThan(0))
    client.socket.resume()
    await eventually(() => expect(client.said().length).toBe(sent.length))
    expect(Buffer.from(client.said(), 'latin1').equals(sent)).toBe(true)
    await forward.close()
  })

  test('hands over what a server says first', async () => {
    await using world = await startWorld(({ say }) => say('220 ready'))
    const forward = await world.open()
    const client = talk(forward.port)
    await eventually(() => expect(client.said()).toBe('220 ready'))
    await forward.close()
  })

  test('ends the client when the pod ends, and the pod when the client does', async () => {
    await using world = await startWorld(({ socket, say }) => {
      socket.on('message', (frame: Buffer) => {
        say('bye')
        if (frame.subarray(1).toString() === 'quit') socket.close()
      })
    })
    const forward = await world.open()
    const client = talk(forward.port)
    client.socket.write('quit')
    await client.ended
    expect(client.said()).toBe('bye')
    const other = talk(forward.port)
    other.socket.write('hi')
    await eventually(() => expect(other.said()).toBe('bye'))
    other.socket.destroy()
    await eventually(() => expect(world.clock.waiting).toBe(2))
    world.clock.advance(10_000)
    await eventually(() => expect(world.sockets.clients.size).toBe(0))
    expect(world.failures).toEqual([])
    await forward.close()
  })

  test('gives a client that has ended its side the whole answer, and ends when nothing more comes', async () => {
    let answer: (text: string) => void = () => {}
    await using world = await startWorld(({ say }) => {
      answer = say
    })
    const forward = await world.open()
    const client = talk(forward.port)
    client.socket.end('request')
    await eventually(() => expect(world.clock.waiting).toBe(2))
    answer('first')
    await eventually(() => expect(client.said()).toBe('first'))
    world.clock.advance(9000)
    answer('second')
    await eventually(() => expect(client.said()).toBe('firstsecond'))
    world.clock.advance(9000)
    expect(world.sockets.clients.size).toBe(1)
    world.clock.advance(1000)
    await client.ended
    await eventually(() => expect(world.sockets.clients.size).toBe(0))
    await forward.close()
  })

  test('says why the pod refused, and breaks the connection', async () => {
    await using world = await startWorld(({ socket, fail }) => {
      socket.on('message', () => fail('connection refused inside namespace\n'))
    })
    const forward = await world.open()
    const client = talk(forward.port)
    client.socket.write('hello')
    await client.ended
    expect(world.failures).toEqual(['connection refused inside namespace'])
    await forward.close()
  })

  test("fails with the API server's words when it refuses", async () => {
    await using world = await startWorld()
    world.refuse(
      JSON.stringify({
        kind: 'Status',
        code: 403,
        reason: 'Forbidden',
        message: 'user cannot create pods/portforward',
      }),
    )
    await expect(world.open()).rejects.toMatchObject({ name: 'KubeError', status: 403, message: /cannot create/ })
  })

  test('tells when the API server refuses later', async () => {
    await using world = await startWorld()
    const forward = await world.open()
    const first = talk(forward.port)
    first.socket.write('hello')
    await eventually(() => expect(first.said()).toBe('hello'))
    world.refuse('{}')
    await talk(forward.port).ended
    expect(world.failures).toEqual(['the API server answered 403 Forbidden'])
    await forward.close()
  })

  test('makes a new connection when the one that was ready is gone', async () => {
    await using world = await startWorld()
    const forward = await world.open()
    for (const socket of world.sockets.clients) socket.terminate()
    await eventually(() => expect(world.clock.waiting).toBe(0))
    const client = talk(forward.port)
    client.socket.write('hello')
    await eventually(() => expect(client.said()).toBe('hello'))
    await forward.close()
  })

  test('keeps connections alive, and ends those whose other side is gone', async () => {
    await using world = await startWorld()
    const forward = await world.open()
    const client = talk(forward.port)
    client.socket.write('hello')
    await eventually(() => expect(client.said()).toBe('hello'))
    const [pod] = world.sockets.clients
    const pinged = once(pod!, 'ping')
    world.clock.advance(30_000)
    await pinged
    pod!.pause()
    await eventually(() => expect(world.clock.waiting).toBe(1))
    world.clock.advance(30_000)
    world.clock.advance(30_000)
    await client.ended
    await forward.close()
  })

  test('fails where the API server is not reached or does not answer', async () => {
    const world = await startWorld()
    await world[Symbol.asyncDispose]()
    await expect(world.open()).rejects.toMatchObject({ name: 'KubeTransportError', reason: 'connection' })
    await using silent = await startWorld()
    silent.sockets.handleUpgrade = () => {}
    const opening = silent.open()
    const told = expect(opening).rejects.toMatchObject({ reason: 'deadline' })
    await eventually(() => expect(silent.asked).toHaveLength(1))
    silent.clock.advance(30_000)
    await told
  })

  test('closes with all that is open, also what was ready', async () => {
    await using world = await startWorld()
    const forward = await world.open()
    await forward.close()
    await eventually(() => expect(world.sockets.clients.size).toBe(0))
    const again = await world.open()
    const client = talk(again.port)
    client.socket.write('hello')
    await eventually(() => expect(client.said()).toBe('hello'))
    await again.close()
    await client.ended
    await eventually(() => expect(world.sockets.clients.size).toBe(0))
  })

  test('ends the pod of a client that was gone before the pod answered', async () => {
    let opened = 0
    await using world = await startWorld((pod) => {
      opened += 1
      echo(pod)
    })
    const forward = await world.open()
    const first = talk(forward.port)
    first.socket.write('hello')
    await eventually(() => expect(first.said()).toBe('hello'))
    const upgrade = world.sockets.handleUpgrade.bind(world.sockets)
    const answers: (() => void)[] = []
    world.sockets.handleUpgrade = (...args) => void answers.push(() => upgrade(...args))
    const gone = talk(forward.port)
    await eventually(() => expect(answers).toHaveLength(1))
    await forward.close()
    await gone.ended
    for (const answer of answers) answer()
    await eventually(() => expect(opened).toBe(2))
    await eventually(() => expect(world.sockets.clients.size).toBe(0))
  })
})
