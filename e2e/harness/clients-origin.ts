import { createHash } from 'node:crypto'
import { type DualHandler, type DualRequest, type DualResponse, DualServer } from './dual-server.ts'
import { CLOSED_WITHOUT_A_WORD, echoUpgrades } from './ws-echo.ts'

interface Counts {
  cancelled: number
  endless: number
  stalled: number
}

/**
 * An application for clients of all kinds, of both versions of HTTP on one port, WebSocket included. It knows nothing of the mesh.
 *
 * `/hello`     answers "hello"
 * `/digest`    answers the SHA-256 of the body in hex
 * `/echo`      answers the body as it comes, and each trailer `NAME` as `x-echo-NAME`
 * `/bytes/N`   answers N octets of {@link pattern}, and their SHA-256 in the trailer `x-digest`
 * `/endless`   answers until the client has enough
 * `/stalled`   reads nothing and never answers
 */
export class ClientsOrigin {
  readonly #server: DualServer
  readonly #counts: Counts

  private constructor(server: DualServer, counts: Counts) {
    this.#server = server
    this.#counts = counts
  }

  static async start(): Promise<ClientsOrigin> {
    const counts: Counts = { cancelled: 0, endless: 0, stalled: 0 }
    const onClose = (code: number): void => {
      if (code === CLOSED_WITHOUT_A_WORD) counts.cancelled += 1
    }
    const server = await DualServer.start(handler(counts), echoUpgrades(onClose))
    return new ClientsOrigin(server, counts)
  }

  get port(): number {
    return this.#server.port
  }

  /** Requests to `/endless` whose client went away, and WebSockets that were not closed. */
  get cancelled(): number {
    return this.#counts.cancelled
  }

  /** Requests to `/endless` that are open. */
  get endless(): number {
    return this.#counts.endless
  }

  /** Requests to `/stalled` that are open. */
  get stalled(): number {
    return this.#counts.stalled
  }

  [Symbol.dispose](): void {
    this.#server[Symbol.dispose]()
  }
}

/** Octet i is i mod 251, so that a piece that is missing or twice there shows. */
export function pattern(length: number): Buffer {
  const body = Buffer.allocUnsafe(length)
  for (let i = 0; i < length; i++) body[i] = i % 251
  return body
}

export function digestOf(body: Buffer | string): string {
  return createHash('sha256').update(body).digest('hex')
}

function handler(counts: Counts): DualHandler {
  return (request, response) => {
    request.on('error', () => undefined)
    response.on('error', () => undefined)
    const [, first = '', size = '0'] = (request.url ?? '').split('/')
    switch (first) {
      case 'digest':
        return void answerDigest(request, response)
      case 'echo':
        return echo(request, response)
      case 'bytes':
        return sendBytes(request, response, Number(size))
      case 'endless':
        counts.endless += 1
        response.on('close', () => {
          counts.endless -= 1
          counts.cancelled += 1
        })
        return sendEndless(response)
      case 'stalled':
        counts.stalled += 1
        return void response.on('close', () => {
          counts.stalled -= 1
        })
      default:
        request.resume().on('end', () => response.end('hello'))
    }
  }
}

async function answerDigest(request: DualRequest, response: DualResponse): Promise<void> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of request) hash.update(chunk as Buffer)
    response.end(hash.digest('hex'))
  } catch {
    response.destroy()
  }
}

function echo(request: DualRequest, response: DualResponse): void {
  response.setHeader('content-type', request.headers['content-type'] ?? 'application/octet-stream')
  request.on('end', () => {
    const trailers = Object.entries(request.trailers).map(([name, value]) => [`x-echo-${name}`, String(value)])
    addTrailers(response, Object.fromEntries(trailers))
    response.end()
  })
  request.pipe(response as NodeJS.WritableStream, { end: false })
}

function sendBytes(request: DualRequest, response: DualResponse, length: number): void {
  if (request.method === 'HEAD') return void response.end()
  const body = pattern(length)
  response.setHeader('trailer', 'x-digest')
  let at = 0
  const more = (): void => {
    while (at < length) {
      const chunk = body.subarray(at, at + 65_536)
      at += chunk.length
      if (!write(response, chunk)) return void response.once('drain', more)
    }
    addTrailers(response, { 'x-digest': digestOf(body) })
    response.end()
  }
  more()
}

function sendEndless(response: DualResponse): void {
  const chunk = pattern(65_536)
  const more = (): void => {
    while (!response.destroyed && write(response, chunk));
    if (!response.destroyed) response.once('drain', more)
  }
  more()
}

/** The two kinds of answers have the same method, of different types. */
function write(response: DualResponse, chunk: Buffer): boolean {
  return (response as NodeJS.WritableStream).write(chunk)
}

function addTrailers(response: DualResponse, trailers: Readonly<Record<string, string>>): void {
  if (Object.keys(trailers).length > 0) response.addTrailers(trailers)
}
