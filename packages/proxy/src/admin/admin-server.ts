import { createServer, type Socket } from 'node:net'
import type { Clock } from '@heddle/base/clock'
import { FairRoom } from '@heddle/base/fair-room'
import { formatHostPort, type HostPort, isLoopback } from '@heddle/base/host-port'
import { seatConnection } from '@heddle/base/seat-connection'
import { createFields } from '@heddle/http/fields'
import { createH1Server } from '@heddle/http/h1'
import { createResponseHead, type RequestHead } from '@heddle/http/message'
import type { BodyReceiver, ServerStream } from '@heddle/http/session'
import { ListenError } from '../accept/listener.ts'
import { socketTransport } from '../control/socket-transport.ts'

/** An answer of the admin interface. */
export interface AdminAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** Answers a request, now or later; `path` without, `query` with what follows the question mark. What is promised is never rejected. */
export type AdminHandler = (request: AdminRequest) => AdminAnswer | Promise<AdminAnswer>

export interface AdminRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly body: string
}

/** The listening admin interface. */
export interface AdminServer {
  readonly address: HostPort
  close(): void
}

/** One more, and one of whoever has the most is closed: filling the port, with whatever, keeps nobody else out. */
const MAX_CONNECTIONS = 32
const MAX_BODY_BYTES = 1_024
/** A connection lives so long at most, however it is used. */
export const MAX_LIFE_MS = 30_000

/**
 * Listens for people, scripts and Prometheus, on loopback.
 *
 * Any page in a browser of this host could send requests here. So a Host that is a name (DNS rebinding) is refused, and so
 * is whatever a browser says comes from another page (Origin).
 *
 * @throws {ListenError}
 */
export function listenAdmin(address: HostPort, handler: AdminHandler, clock: Clock): Promise<AdminServer> {
  return listen(address, (request, head) => refusalOf(head) ?? handler(request), clock)
}

/**
 * Listens for a kubelet and for Prometheus, on an address that others reach: `handler` must only tell what anyone may know.
 *
 * @throws {ListenError}
 */
export async function listenProbe(address: HostPort, handler: AdminHandler, clock: Clock): Promise<AdminServer> {
  if (address.host !== '::') return await listen(address, handler, clock)
  // Both families; a kernel that was started without IPv6 has no such address, but the other one.
  return await listen(address, handler, clock).catch(() => listen({ ...address, host: '0.0.0.0' }, handler, clock))
}

type HeadedHandler = (request: AdminRequest, head: RequestHead) => ReturnType<AdminHandler>

async function listen(address: HostPort, handler: HeadedHandler, clock: Clock): Promise<AdminServer> {
  const sockets = new Set<Socket>()
  const room = new FairRoom({ places: MAX_CONNECTIONS, evenly: 'oldest' })
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    seatConnection(room, socket)
    sockets.add(socket)
    const timer = clock.after(MAX_LIFE_MS, () => socket.destroy())
    socket.once('close', () => {
      timer.cancel()
      sockets.delete(socket)
    })
    serve(socket, handler)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new ListenError(`cannot listen on ${formatHostPort(address)}: ${error.message}`)),
    )
    server.listen({ host: address.host, port: address.port }, resolve)
  })
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
  return {
    address: { host: address.host, port },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

function serve(socket: Socket, handler: HeadedHandler): void {
  const session = createH1Server(
    { onRequest: (stream, head) => new AdminExchange(stream, head, handler), onFault: () => {}, onIdle: () => {} },
    socketTransport(socket, () => session.flush()),
  )
  socket.on('data', (bytes: Uint8Array) => session.receive(bytes))
  socket.on('end', () => session.receiveEnd())
  socket.on('drain', () => session.transportDrained())
  socket.on('error', () => {})
  socket.on('close', () => session.destroy({ kind: 'peer-closed', detail: 'connection closed' }))
}

class AdminExchange implements BodyReceiver {
  readonly #stream: ServerStream
  readonly #head: RequestHead
  readonly #handler: HeadedHandler
  #body = ''

  constructor(stream: ServerStream, head: RequestHead, handler: HeadedHandler) {
    this.#stream = stream
    this.#head = head
    this.#handler = handler
    if (head.expectsContinue) stream.sendInformational(createResponseHead({ status: 100 }))
  }

  onData(bytes: Uint8Array, start: number, end: number): void {
    if (this.#body.length <= MAX_BODY_BYTES) this.#body += Buffer.from(bytes.subarray(start, end)).toString('latin1')
  }

  onEnd(): void {
    const answer = this.#answer()
    if (answer instanceof Promise) void answer.then((later) => this.#send(later))
    else this.#send(answer)
  }

  onAbort(): void {}

  onWritable(): void {}

  /** Where the client has gone meanwhile, the stream does nothing. */
  #send({ contentType, status, body }: AdminAnswer): void {
    const octets = Buffer.from(body)
    const fields = createFields([
      ['content-type', contentType],
      ['cache-control', 'no-store'],
    ])
    const hasBody = this.#head.method !== 'HEAD'
    this.#stream.sendHead(createResponseHead({ status, bodyLength: octets.length, fields }), hasBody)
    if (!hasBody) return
    this.#stream.sendData(octets)
    this.#stream.sendEnd()
  }

  #answer(): ReturnType<AdminHandler> {
    const { method, path } = this.#head
    if (this.#body.length > MAX_BODY_BYTES) return text(413, `more than ${MAX_BODY_BYTES} octets`)
    const [pathname = '', search = ''] = path.split('?', 2)
    const query = new URLSearchParams(search)
    const request = { method: method === 'HEAD' ? 'GET' : method, path: pathname, query, body: this.#body }
    return this.#handler(request, this.#head)
  }
}

function refusalOf({ authority, fields }: RequestHead): AdminAnswer | undefined {
  if (!isLoopbackHost(authority)) return text(403, 'the Host must be a loopback address, as in 127.0.0.1:15000')
  return fields.has('origin') ? text(403, 'not for pages of a browser') : undefined
}

/** A plain text answer, with its end of line. */
export function text(status: number, body: string): AdminAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${body}\n` }
}

function isLoopbackHost(authority: string): boolean {
  const host = authority.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return host === 'localhost' || isLoopback(host)
}
