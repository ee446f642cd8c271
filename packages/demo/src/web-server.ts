import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Ballot, type Upstreams } from './ballot.ts'
import type { Address } from './environment.ts'
import type { Running } from './running.ts'
import { type Answer, type Asked, answerRequest } from './web-routes.ts'

/** Longer than what clients keep idle connections for, so that it is they who close. */
const KEEP_ALIVE_MS = 75_000
const MAX_FORM_BYTES = 1000

/** Serves pages and API. It starts also when the services behind it are away. */
export async function startWeb(listen: Address, upstreams: Upstreams): Promise<Running> {
  const ballot = new Ballot(upstreams)
  let isDraining = false
  const server = createServer((request, response) => {
    readRequest(request)
      .then((asked) => answerRequest(ballot, asked))
      .then((answer) => {
        response.shouldKeepAlive &&= !isDraining
        send(response, answer)
      })
      .catch(() => response.destroy())
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  await bind(server, listen)
  const { port } = server.address() as AddressInfo
  return {
    address: { host: listen.host, port },
    async drain() {
      isDraining = true
      await new Promise<void>((resolve) => server.close(() => resolve()))
      ballot.close()
    },
    async stop() {
      server.closeAllConnections()
      ballot.close()
    },
  }
}

async function readRequest(request: IncomingMessage): Promise<Asked> {
  const [path = '/', query] = (request.url ?? '/').split('?', 2)
  const form = request.method === 'POST' ? await readForm(request) : undefined
  const choice = new URLSearchParams(query).get('choice') ?? form?.get('choice') ?? ''
  return { method: request.method ?? 'GET', path, choice }
}

function send(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.body),
    ...(answer.allow !== undefined && { allow: answer.allow }),
  })
  response.end(answer.body)
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = ''
  for await (const part of request) {
    text += part
    if (text.length > MAX_FORM_BYTES) throw new Error('form too long')
  }
  return new URLSearchParams(text)
}

function bind(server: Server, listen: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...listen }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
