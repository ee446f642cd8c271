import { Buffer } from 'node:buffer'
import { type ClientHttp2Session, connect, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import {
  type AddressInfo,
  connect as connectSocket,
  createServer as createSocketServer,
  type Server,
  type Socket,
} from 'node:net'
import { expect, test } from 'vitest'
import { createH2Client, createH2Server } from '../src/h2/session.ts'
import { createFields } from '../src/message/fields.ts'
import { createRequestHead, createResponseHead } from '../src/message/head.ts'
import type { ClientSession, ResponseReceiver, ServerSession, Transport } from '../src/session.ts'
import { linesOf } from './lines-of.ts'

const BODY = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31) & 0xff))

/** A session on a socket, flushed in a microtask. */
function attach<S extends ClientSession | ServerSession>(socket: Socket, make: (transport: Transport) => S): S {
  let isDue = false
  const transport: Transport = {
    write: (bytes, start, end) => {
      // A copy: Node may still refer to it after the write.
      socket.write(Buffer.copyBytesFrom(bytes, start, end - start))
      return true
    },
    wantsFlush: () => {
      if (isDue) return
      isDue = true
      queueMicrotask(() => {
        isDue = false
        session.flush()
      })
    },
    pauseReading: () => void socket.pause(),
    resumeReading: () => void socket.resume(),
    end: () => void socket.end(),
    abort: () => void socket.destroy(),
  }
  const session = make(transport)
  socket.on('data', (bytes) => session.receive(bytes))
  socket.on('end', () => session.receiveEnd())
  socket.on('error', () => undefined)
  socket.on('close', () => session.destroy({ kind: 'peer-closed', detail: 'closed' }))
  return session
}

function echoServer(): Server {
  return createSocketServer((socket) => {
    attach(socket, (transport) =>
      createH2Server(
        {
          onFault: () => undefined,
          onIdle: () => undefined,
          onRequest: (stream, head) => {
            const parts: Buffer[] = []
            return {
              onData: (bytes, start, end) => void parts.push(Buffer.from(bytes.subarray(start, end))),
              onEnd: (trailers) => {
                stream.sendInformational(createResponseHead({ status: 103, fields: createFields([['link', '</a>']]) }))
                const fields = createFields([
                  ['x-method', head.method],
                  ['x-path', head.path],
                  ['x-authority', head.authority],
                  ['x-cookie', head.fields.get('cookie') ?? ''],
                ])
                stream.sendHead(createResponseHead({ status: 200, fields }), true)
                stream.sendData(Buffer.concat(parts))
                stream.sendEnd(createFields([['x-trailers', trailers === undefined ? '' : linesOf(trailers).join()]]))
              },
              onAbort: () => undefined,
              onWritable: () => undefined,
            }
          },
        },
        transport,
      ),
    )
  })
}

function listen(server: Server | Http2Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

/** One request of Node's client, with trailers, as it sees the answer. */
function ask(client: ClientHttp2Session, path: string): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const stream = client.request(
      { ':method': 'POST', ':path': path, cookie: ['a=b', 'c=d'] },
      { waitForTrailers: true },
    )
    const parts: Buffer[] = []
    const seen: Record<string, unknown> = {}
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '5' }))
    stream.on('headers', (head) => Object.assign(seen, { informational: head[':status'], link: head.link }))
    stream.on('response', (head) => Object.assign(seen, { ...head }))
    stream.on('trailers', (trailers) => Object.assign(seen, { ...trailers }))
    stream.on('data', (bytes: Buffer) => parts.push(bytes))
    stream.on('error', reject)
    stream.on('close', () => resolve({ ...seen, isSame: Buffer.concat(parts).equals(BODY) }))
    stream.end(BODY)
  })
}

test("Node's client and our server understand each other", async () => {
  const server = echoServer()
  const port = await listen(server)
  const client = connect(`http://127.0.0.1:${port}`)
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(client, `/${i}`)))
  answers.forEach((answer, i) => {
    expect(answer).toMatchObject({
      ...{ informational: 103, link: '</a>', ':status': 200, isSame: true },
      ...{ 'x-method': 'POST', 'x-path': `/${i}`, 'x-authority': `127.0.0.1:${port}`, 'x-cookie': 'a=b; c=d' },
      'x-trailers': 'x-sum: 5',
    })
  })
  await new Promise<void>((resolve) => client.close(resolve))
  await new Promise((resolve) => server.close(resolve))
})

test("our client and Node's server understand each other", async () => {
  const server = createServer()
  server.on('stream', (stream: ServerHttp2Stream, head) => {
    const parts: Buffer[] = []
    let trailers = ''
    stream.on('data', (bytes: Buffer) => parts.push(bytes))
    stream.on('trailers', (fields) => {
      trailers = String(fields['x-sum'])
    })
    stream.on('end', () => {
      stream.additionalHeaders({ ':status': 103 })
      stream.respond({ ':status': 200, 'x-path': head[':path'] ?? '' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-trailers': trailers }))
      stream.end(Buffer.concat(parts))
    })
  })
  const port = await listen(server)
  const socket = connectSocket(port, '127.0.0.1')
  const session = attach(socket, (transport) =>
    createH2Client({ onIdle: () => undefined, onAllowance: () => undefined, onUnusable: () => undefined }, transport),
  )
  const answers = Array.from({ length: 20 }, (_, i) => askNode(session, `/${i}`))
  for (const [i, answer] of (await Promise.all(answers)).entries()) {
    expect(answer).toEqual({ informational: 103, lines: [`x-path: /${i}`], trailers: ['x-trailers: 5'], isSame: true })
  }
  session.drain()
  await new Promise((resolve) => socket.once('close', resolve))
  await new Promise<void>((resolve) => server.close(() => resolve()))
})

function askNode(session: ClientSession, path: string): Promise<object> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    const seen = { informational: 0, lines: [] as string[] }
    const receiver: ResponseReceiver = {
      onInformational: ({ status }) => {
        seen.informational = status
      },
      onHead: ({ fields }) => {
        seen.lines = linesOf(fields).filter((line) => !line.startsWith('date:'))
      },
      onData: (bytes, start, end) => void parts.push(Buffer.from(bytes.subarray(start, end))),
      onEnd: (trailers) =>
        resolve({ ...seen, trailers: trailers && linesOf(trailers), isSame: Buffer.concat(parts).equals(BODY) }),
      onAbort: (reset) => reject(new Error(reset.detail)),
      onWritable: () => undefined,
    }
    const sender = session.request(createRequestHead({ method: 'POST', path, authority: 'a' }), true, receiver)
    sender.sendData(BODY)
    sender.sendEnd(createFields([['x-sum', '5']]))
  })
}
