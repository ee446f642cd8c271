import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { listen, portOf } from '../harness/hops.ts'

/** First byte of a connection that speaks no HTTP: the origin gives everything back. */
export const OPAQUE_BYTE = 1

/** An origin of everything that the soak sends: HTTP, an upgraded echo, and an opaque echo on the same port. */
export class Origin {
  readonly port: number
  readonly #http: HttpServer
  readonly #tcp: Server
  readonly #sockets = new Set<Socket>()

  private constructor(http: HttpServer, tcp: Server) {
    this.#http = http
    this.#tcp = tcp
    this.port = portOf(tcp)
    tcp.on('connection', (socket) => this.#welcome(socket))
  }

  static async start(): Promise<Origin> {
    // Connections are closed by the proxy, which has them for 5 s: one that both close at once costs a POST, whoever is to blame.
    const http = createHttpServer({ keepAliveTimeout: 60_000 }, (request, response) => void answer(request, response))
    http.on('upgrade', upgrade)
    return new Origin(http, await listen(createServer({ allowHalfOpen: true })))
  }

  [Symbol.dispose](): void {
    this.#tcp.close()
    this.#http.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #welcome(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.once('readable', () => {
      const first = socket.read() as Buffer | null
      if (first === null) return void socket.destroy()
      socket.unshift(first)
      if (first[0] === OPAQUE_BYTE) socket.pipe(socket)
      else this.#http.emit('connection', socket)
    })
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const octets = Number(new URL(request.url ?? '/', 'http://origin').searchParams.get('n') ?? 2)
  let got = 0
  try {
    for await (const chunk of request) got += (chunk as Buffer).length
  } catch {
    return
  }
  response.setHeader('x-got', got)
  response.end(Buffer.alloc(octets, 'x'))
}

function upgrade(_request: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on('error', () => undefined)
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  socket.write(head)
  socket.pipe(socket)
}
