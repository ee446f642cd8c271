import { createServer, type Server, type Socket } from 'node:net'
import type { ByteSocket } from './byte-socket.ts'
import { type BunSocket, connectionError, NativeSocket } from './native-socket.ts'
import { isBun } from './runtime.ts'

/** Where to listen, and who hears of it. */
export interface TcpListenerOptions<Accepted = ByteSocket> {
  readonly address: string
  /** 0: any that is free. */
  readonly port: number
  /** Called for each connection at once, paused. */
  onSocket(socket: Accepted): void
  /** Accepting fails. */
  onError(error: Error): void
}

/** A bound listener. */
export interface TcpListener {
  readonly port: number
  /** Accepts no more; open connections go on. */
  close(): void
}

const BACKLOG = 1024

/**
 * Listens for connections that stay plain: on Bun they are no streams.
 *
 * @throws {Error} if the address is taken, forbidden or not of this host
 */
export async function listenTcp(options: TcpListenerOptions): Promise<TcpListener> {
  return isBun ? listenNatively(options) : await listenForStreams(options)
}

/**
 * Listens for connections as sockets of `node:net`, which TLS can be terminated on.
 *
 * @throws {Error} if the address is taken, forbidden or not of this host
 */
export async function listenForStreams(options: TcpListenerOptions<Socket>): Promise<TcpListener> {
  const { address, port, onSocket, onError } = options
  // Bun's sockets have no delay from the start, and would ask the system for it once more.
  const server = createServer({ allowHalfOpen: true, noDelay: !isBun }, onSocket)
  const bound = await bind(server, address, port)
  server.on('error', onError)
  return { port: bound, close: () => void server.close() }
}

function bind(server: Server, address: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: address, port, ipv6Only: address.includes(':'), backlog: BACKLOG }, () => {
      server.off('error', reject)
      const bound = server.address()
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port)
    })
  })
}

interface BunListener {
  readonly port: number
  stop(closesConnections: boolean): void
}

declare const Bun: { listen(options: object): BunListener }
declare function reportError(error: unknown): void

function listenNatively({ address, port, onSocket, onError }: TcpListenerOptions): TcpListener {
  const accept = (native: BunSocket): void => guard(onSocket, new NativeSocket(native))
  const fail = (native: BunSocket | undefined, error: Error): void => {
    if (native?.data === undefined) onError(error)
    else native.data.failed(error)
  }
  const ipv6Only = address.includes(':')
  const socket = { ...HANDLERS, open: accept, error: fail, binaryType: 'buffer' }
  const listener = bindNatively({ hostname: address, port, ipv6Only, allowHalfOpen: true, socket })
  return { port: listener.port, close: () => listener.stop(false) }
}

/** Bun's message says only that it failed. */
function bindNatively(options: object): BunListener {
  try {
    return Bun.listen(options)
  } catch (error) {
    const { code } = error as { readonly code?: string }
    throw code === undefined ? error : connectionError(`listen ${code}`, code)
  }
}

/** What Bun calls for all connections. What is thrown there would come back as an error of the connection. */
const HANDLERS = {
  data: ({ data }: BunSocket, bytes: Buffer): void => {
    try {
      data.received(bytes)
    } catch (error) {
      reportError(error)
    }
  },
  end: ({ data }: BunSocket): void => guard(tellEnd, data),
  drain: ({ data }: BunSocket): void => guard(tellDrain, data),
  close: ({ data }: BunSocket, error: Error | undefined): void => {
    try {
      data.closed(toReadError(error))
    } catch (thrown) {
      reportError(thrown)
    }
  },
}

const tellEnd = (socket: NativeSocket): void => socket.ended()
const tellDrain = (socket: NativeSocket): void => socket.drained()

/** What is thrown is a bug, and goes where uncaught errors go. */
function guard(call: (socket: NativeSocket) => void, socket: NativeSocket): void {
  try {
    call(socket)
  } catch (error) {
    reportError(error)
  }
}

/** As `node:net` words it, also for those of Bun that have a code: access log and decision records show the message. */
function toReadError(error: (Error & { readonly code?: string }) | null | undefined): Error | undefined {
  if (error === undefined || error === null) return undefined
  const { code = 'ECONNRESET' } = error
  return connectionError(`read ${code}`, code)
}
