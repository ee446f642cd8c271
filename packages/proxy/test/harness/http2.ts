import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type SessionOptions,
} from 'node:http2'

/** An application that speaks HTTP/2 by prior knowledge. */
export interface H2App {
  readonly port: number
  /** Connections, in the order of their coming. */
  readonly sessions: readonly ServerHttp2Session[]
  /** Requests so far. */
  readonly requests: () => number
  close(): void
}

/** @param serve - called for each request */
export async function startH2App(
  serve: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  options: SessionOptions = {},
): Promise<H2App> {
  const sessions: ServerHttp2Session[] = []
  let requests = 0
  const server = createServer(options)
  server.on('session', (session) => {
    sessions.push(session)
    session.on('error', () => undefined)
  })
  server.on('stream', (stream, headers) => {
    requests += 1
    stream.on('error', () => undefined)
    serve(stream, headers)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const close = () => {
    server.close()
    for (const session of sessions) session.destroy()
  }
  return { port, sessions, requests: () => requests, close }
}

/** Answers with what it was asked: method, path and body. */
export function echo(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  let body = ''
  stream.on('data', (bytes: Buffer) => {
    body += bytes.toString('latin1')
  })
  stream.on('end', () => {
    stream.respond({ ':status': 200 })
    stream.end(`${headers[':method']} ${headers[':path']} ${body}`)
  })
}

/** What came for one request. */
export interface H2Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly trailers: IncomingHttpHeaders | undefined
}

/** A client that speaks HTTP/2 by prior knowledge. */
export class H2Client {
  readonly session: ClientHttp2Session

  constructor(port: number, options: SessionOptions = {}) {
    this.session = connect(`http://127.0.0.1:${port}`, options)
    this.session.on('error', () => undefined)
  }

  open(headers: OutgoingHttpHeaders, options: { readonly endStream?: boolean } = {}): ClientHttp2Stream {
    return this.session.request({ ':authority': 'cart.shop', ...headers }, options)
  }

  ask(headers: OutgoingHttpHeaders, body?: string | Buffer): Promise<H2Answer> {
    const stream = this.open(headers, { endStream: body === undefined })
    if (body !== undefined) stream.end(body)
    return answerOf(stream)
  }

  close(): void {
    this.session.destroy()
  }
}

/** Rejects when the stream is reset. */
export function answerOf(stream: ClientHttp2Stream): Promise<H2Answer> {
  let head: IncomingHttpHeaders | undefined
  let trailers: IncomingHttpHeaders | undefined
  const parts: Buffer[] = []
  stream.on('response', (headers) => {
    head = headers
  })
  stream.on('trailers', (headers) => {
    trailers = headers
  })
  stream.on('data', (bytes: Buffer) => parts.push(bytes))
  return new Promise((resolve, reject) => {
    stream.on('error', reject)
    stream.on('close', () => {
      if (head === undefined || stream.rstCode > 0) {
        reject(new Error(`stream closed with code ${stream.rstCode}`))
        return
      }
      resolve({
        status: Number(head[':status']),
        headers: head,
        body: Buffer.concat(parts).toString('latin1'),
        trailers,
      })
    })
  })
}
