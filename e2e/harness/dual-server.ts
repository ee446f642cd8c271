import { createServer as createHttp1Server, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { listen, portOf } from './hops.ts'

export type DualRequest = IncomingMessage | Http2ServerRequest
export type DualResponse = ServerResponse | Http2ServerResponse
export type DualHandler = (request: DualRequest, response: DualResponse) => void
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** Node's own bound of 10 MB a session ends a stream that carries as much both ways. */
const HTTP2_OPTIONS = { settings: { maxConcurrentStreams: 1000 }, maxSessionMemory: 1000 }

/** An application that speaks HTTP/1 and, by prior knowledge, HTTP/2 on one port of loopback. */
export class DualServer {
  readonly port: number
  readonly #server: Server
  readonly #sockets: ReadonlySet<Socket>

  private constructor(server: Server, sockets: ReadonlySet<Socket>) {
    this.#server = server
    this.#sockets = sockets
    this.port = portOf(server)
  }

  /** @param onUpgrade - gets HTTP/1 requests with `Upgrade` */
  static async start(handler: DualHandler, onUpgrade?: UpgradeHandler): Promise<DualServer> {
    const http1 = createHttp1Server(handler)
    const http2 = createHttp2Server(HTTP2_OPTIONS, handler)
    http2.on('sessionError', () => undefined)
    if (onUpgrade !== undefined) http1.on('upgrade', onUpgrade)
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
      // Not by 'data': an HTTP/2 session takes what is in the buffer only from a socket that does not flow.
      socket.once('readable', () => {
        const first: Buffer = socket.read() ?? Buffer.alloc(0)
        socket.unshift(first)
        // Of methods in use only POST, PUT and PATCH begin with the letter of the preface, none with two of it.
        const target = first.toString('latin1', 0, 2) === 'PR' ? http2 : http1
        target.emit('connection', socket)
      })
    })
    await listen(server)
    return new DualServer(server, sockets)
  }

  [Symbol.dispose](): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }
}
