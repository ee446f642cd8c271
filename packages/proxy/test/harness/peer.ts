import { connect, createServer, type Server, type Socket } from 'node:net'
import { waitFor } from './wait-for.ts'

/** One end of a connection, held by a test: everything it received, and what became of it. */
export class Peer {
  readonly socket: Socket
  received = ''
  receivedBytes = 0
  hasEnded = false
  isClosed = false
  error: string | undefined

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes: Buffer) => {
      this.receivedBytes += bytes.length
      if (this.received.length < 1_000_000) this.received += bytes.toString('latin1')
    })
    socket.on('end', () => {
      this.hasEnded = true
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? error.message
    })
    socket.on('close', () => {
      this.isClosed = true
    })
  }

  send(text: string): void {
    this.socket.write(Buffer.from(text, 'latin1'))
  }

  async until(text: string): Promise<void> {
    await waitFor(`${JSON.stringify(text)}, got ${JSON.stringify(this.received.slice(-300))}`, () =>
      this.received.includes(text),
    )
  }

  async untilEnd(): Promise<void> {
    await waitFor('the end', () => this.hasEnded || this.isClosed)
  }

  async untilClosed(): Promise<void> {
    await waitFor('the close', () => this.isClosed)
  }

  /** Forgets what came so far. */
  clear(): void {
    this.received = ''
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}

/** Nobody listens there. One that a test has closed may be given to the next test that listens, of another process too. */
export const CLOSED_PORTS = [1, 9] as const

/** A connected client. */
export async function dial(port: number, host = '127.0.0.1'): Promise<Peer> {
  const socket = connect({ port, host, allowHalfOpen: true })
  const peer = new Peer(socket)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return peer
}

/** A client that may be refused before it knows that it was connected. */
export function knock(port: number): Peer {
  return new Peer(connect({ port, host: '127.0.0.1', allowHalfOpen: true }))
}

/** A TCP server whose connections the test holds. */
export interface TestServer {
  readonly port: number
  /** In the order of their coming. */
  readonly peers: readonly Peer[]
  /** Waits for the connection of that number, from 0. */
  peer(index: number): Promise<Peer>
  close(): void
}

/** @param serve - called for each connection */
export async function startServer(serve: (peer: Peer) => void = () => undefined, port = 0): Promise<TestServer> {
  const peers: Peer[] = []
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const peer = new Peer(socket)
    peers.push(peer)
    serve(peer)
  })
  await new Promise<void>((resolve) => server.listen({ port, host: '127.0.0.1' }, resolve))
  const address = server.address() as { port: number }
  return {
    port: address.port,
    peers,
    async peer(index) {
      await waitFor(`connection ${index}`, () => peers.length > index)
      return peers[index]!
    },
    close() {
      server.close()
      for (const { socket } of peers) socket.destroy()
    },
  }
}

/** Answers every complete request head with `answer`. Bodies of requests are not expected. */
export function answering(answer: string): (peer: Peer) => void {
  return (peer) => {
    let seen = 0
    peer.socket.on('data', () => {
      for (let at = peer.received.indexOf('\r\n\r\n', seen); at !== -1; at = peer.received.indexOf('\r\n\r\n', seen)) {
        seen = at + 4
        peer.send(answer)
      }
    })
  }
}

/** A 200 with `body`. */
export function ok(body: string): string {
  return `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}
