import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { waitFor } from './wait-for.ts'

/** One call as the application sees it. */
export interface ReceivedCall {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  received: string
  hasEnded: boolean
  isClosed: boolean
}

/** An application that speaks gRPC over HTTP/2 in plain. */
export interface GrpcApp {
  readonly port: number
  readonly calls: readonly ReceivedCall[]
  /** Waits for the call of that number, from 0. */
  call(index: number): Promise<ReceivedCall>
  close(): void
}

/** @param serve - called for each call */
export async function startGrpcApp(serve: (call: ReceivedCall) => void = () => undefined): Promise<GrpcApp> {
  const calls: ReceivedCall[] = []
  const sessions = new Set<ServerHttp2Session>()
  const server = createServer()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => undefined)
  })
  server.on('stream', (stream, headers) => {
    const call: ReceivedCall = { stream, headers, received: '', hasEnded: false, isClosed: false }
    calls.push(call)
    stream.on('data', (bytes: Buffer) => (call.received += bytes.toString('latin1')))
    stream.on('end', () => (call.hasEnded = true))
    stream.on('error', () => undefined)
    stream.on('close', () => (call.isClosed = true))
    serve(call)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port,
    calls,
    async call(index) {
      await waitFor(`call ${index}`, () => calls.length > index)
      return calls[index]!
    },
    close() {
      for (const session of sessions) session.destroy()
      server.close()
    },
  }
}

/** Head of an answer to a call, with trailers to follow. */
export function answerHead(call: ReceivedCall): void {
  call.stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
}

/** Ends an answer whose head was sent with a status. */
export function endCall({ stream }: ReceivedCall, status: number, message = ''): void {
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(status), 'grpc-message': message }))
  stream.end()
}

/** Answers with nothing but a head: "Trailers-Only". */
export function answerOnly(call: ReceivedCall, status: number): void {
  const headers = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': String(status) }
  call.stream.respond(headers, { endStream: true })
}

/** One call as its client sees it. */
export class TestCall {
  readonly stream: ClientHttp2Stream
  head: IncomingHttpHeaders | undefined
  trailers: IncomingHttpHeaders | undefined
  received = ''
  isClosed = false

  constructor(stream: ClientHttp2Stream) {
    this.stream = stream
    stream.on('response', (headers) => {
      this.head = headers
    })
    stream.on('trailers', (headers) => {
      this.trailers = headers
    })
    stream.on('data', (bytes: Buffer) => {
      this.received += bytes.toString('latin1')
    })
    stream.on('error', () => undefined)
    stream.on('close', () => {
      this.isClosed = true
    })
  }

  /** Waits for the end and gives the status as a client has it: of the trailers, or of a head without more. */
  async status(): Promise<string | undefined> {
    await waitFor('the end of the call', () => this.isClosed)
    return String(this.trailers?.['grpc-status'] ?? this.head?.['grpc-status'])
  }

  async until(text: string): Promise<void> {
    await waitFor(`${JSON.stringify(text)}, got ${JSON.stringify(this.received)}`, () => this.received.includes(text))
  }
}

/** A client with one connection, over which it makes calls. */
export class GrpcClient {
  readonly #session: ClientHttp2Session

  constructor(port: number) {
    this.#session = connect(`http://127.0.0.1:${port}`)
    this.#session.on('error', () => undefined)
  }

  /** Begins a call; its request is ended by whoever made it. */
  start(headers: OutgoingHttpHeaders = {}): TestCall {
    const head = {
      ':method': 'POST',
      ':path': '/shop.Cart/Add',
      ':authority': 'cart.shop',
      'content-type': 'application/grpc',
      te: 'trailers',
    }
    return new TestCall(this.#session.request({ ...head, ...headers }))
  }

  /** A call with one message. */
  call(headers: OutgoingHttpHeaders = {}): TestCall {
    const call = this.start(headers)
    call.stream.end('request')
    return call
  }

  close(): void {
    this.#session.destroy()
  }
}
