import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type FakeAnswer, FakeCalls, refusal } from './fake-calls.ts'
import { type FakeTarget, isSelected, toTarget } from './fake-object.ts'
import { type FakeEvent, FakeStore } from './fake-store.ts'

/** A request that came. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

/** Answers in place of the server; `undefined` leaves the request to it, `'cut'` breaks the connection, `'hang'` never answers. */
export type FakeRule = (request: SeenRequest) => FakeAnswer | 'cut' | 'hang' | undefined

interface OpenWatch {
  readonly response: ServerResponse
  readonly target: FakeTarget
  readonly query: URLSearchParams
}

/** Starts a server on a loopback port. */
export async function startFakeApiServer(): Promise<FakeApiServer> {
  const server = new FakeApiServer()
  await server.listen()
  return server
}

/**
 * An API server in memory, speaking plain HTTP: lists in pages, watches with bookmarks, creation, update by version, patches, a small
 * server-side apply, deletion. It knows every resource by its path and validates nothing. Tests break it by its rules and methods.
 */
export class FakeApiServer implements AsyncDisposable {
  readonly store = new FakeStore()
  /** Every request, in order. */
  readonly requests: SeenRequest[] = []
  readonly #calls = new FakeCalls(this.store)
  readonly #server: Server
  readonly #agent = new Agent({ keepAlive: true })
  readonly #watches = new Set<OpenWatch>()
  #rules: FakeRule[] = []

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response))
    this.store.listen((event) => {
      for (const watch of this.#watches) send(watch, event)
    })
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** For `createKubeClient`. */
  get access() {
    return {
      server: this.url,
      contextName: 'fake',
      namespace: 'default',
      credentials: async () => ({ headers: {}, agent: this.#agent }),
      forgetCredentials() {},
      close() {},
    }
  }

  get watches(): number {
    return this.#watches.size
  }

  /** The rule is asked before those that were there; the function takes it away. */
  addRule(rule: FakeRule): () => void {
    this.#rules = [rule, ...this.#rules]
    return () => {
      this.#rules = this.#rules.filter((other) => other !== rule)
    }
  }

  /** The next request that it would concern gets this answer. */
  answerOnce(answer: FakeAnswer | 'cut' | 'hang', concerns: (request: SeenRequest) => boolean = () => true): void {
    const take = this.addRule((request) => {
      if (!concerns(request)) return undefined
      take()
      return answer
    })
  }

  /** Watches end as if the connection broke. */
  cutWatches(): void {
    for (const { response } of this.#watches) response.destroy()
  }

  /** Watches end as they do at their timeout. */
  endWatches(): void {
    for (const { response } of this.#watches) response.end()
  }

  /** A line as it is, to every watch. */
  sendLine(line: string): void {
    for (const { response } of this.#watches) response.write(`${line}\n`)
  }

  sendBookmarks(): void {
    const metadata = { resourceVersion: String(this.store.version), creationTimestamp: null }
    this.sendLine(JSON.stringify({ type: 'BOOKMARK', object: { kind: 'Any', apiVersion: 'v1', metadata } }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = await toSeen(request)
    this.requests.push(seen)
    const ruled = this.#rule(seen)
    if (ruled === 'hang') return
    if (ruled === 'cut') return void response.destroy()
    const target = toTarget(seen.path)
    if (ruled === undefined && target !== undefined && seen.query.get('watch') === 'true') {
      return this.#watch(seen, target, response)
    }
    respond(response, ruled ?? this.#answer(seen, target))
  }

  #rule(seen: SeenRequest): ReturnType<FakeRule> {
    for (const rule of this.#rules) {
      const answer = rule(seen)
      if (answer !== undefined) return answer
    }
    return undefined
  }

  #answer(seen: SeenRequest, target: FakeTarget | undefined): FakeAnswer {
    if (target === undefined) return refusal(404, 'NotFound', 'the server could not find the requested resource')
    return this.#calls.answer({ ...seen, target, contentType: seen.headers['content-type'] ?? '' })
  }

  #watch({ query }: SeenRequest, target: FakeTarget, response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'application/json' })
    response.flushHeaders()
    const missed = this.store.after(Number(query.get('resourceVersion')))
    if (missed === undefined) {
      const { body } = refusal(410, 'Expired', 'too old resource version')
      return void response.end(`${JSON.stringify({ type: 'ERROR', object: body })}\n`)
    }
    const watch = { response, target, query }
    this.#watches.add(watch)
    response.on('close', () => this.#watches.delete(watch))
    for (const event of missed) send(watch, event)
  }
}

function send({ response, target, query }: OpenWatch, { collection, type, object }: FakeEvent): void {
  if (target.collection !== collection) return
  if (target.namespace !== undefined && object.metadata.namespace !== target.namespace) return
  if (isSelected(object, query)) response.write(`${JSON.stringify({ type, object })}\n`)
}

async function toSeen(request: IncomingMessage): Promise<SeenRequest> {
  const url = new URL(request.url!, 'http://fake')
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return {
    method: request.method!,
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers: request.headers,
    body: text === '' ? undefined : JSON.parse(text),
  }
}

function respond(response: ServerResponse, { status, body, headers = {} }: FakeAnswer): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
  response.end(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body))
}
