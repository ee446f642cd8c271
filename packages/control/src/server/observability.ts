import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { FairRoom } from '@heddle/base/fair-room'
import type { HostPort } from '@heddle/base/host-port'
import { seatConnection } from '@heddle/base/seat-connection'
import { PROMETHEUS_CONTENT_TYPE } from '@heddle/telemetry/prometheus'
import type { Registry } from '@heddle/telemetry/registry'
import { bindServer } from './bind-server.ts'

export interface ObservabilityOptions {
  readonly address: HostPort
  readonly registry: Registry
  /** Why the control plane cannot be asked anything yet; empty when it can. */
  readonly notReady: () => readonly string[]
}

/** A listening server of `/metrics`, `/live` and `/ready`. */
export interface Observability {
  readonly address: HostPort
  close(): Promise<void>
}

/** Whoever fills the port, with whatever, keeps no kubelet out, and takes no connection from the API beside it. */
const MAX_CONNECTIONS = 64
/** A request that does not come, or an answer that is not taken. */
const SILENCE_MS = 10_000
const HEAD_MS = 5_000

/**
 * Listens for those who watch over the process, from its start on. On a cluster everybody can connect: it tells what anyone may know.
 *
 * @throws {ListenError} when the address is taken or not allowed
 */
export async function listenObservability(options: ObservabilityOptions): Promise<Observability> {
  const { address } = options
  const server = createServer(
    { headersTimeout: HEAD_MS, requestTimeout: SILENCE_MS, connectionsCheckingInterval: HEAD_MS },
    (request, response) => answer(request, response, options),
  )
  server.setTimeout(SILENCE_MS)
  const room = new FairRoom({ places: MAX_CONNECTIONS, evenly: 'oldest' })
  server.on('connection', (socket: Socket) => seatConnection(room, socket))
  const bound = await bindServer(server, address)
  return {
    address: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly contentType?: string
}

function answer(request: IncomingMessage, response: ServerResponse, options: ObservabilityOptions): void {
  const { status, text, contentType = 'text/plain; charset=utf-8' } = answerTo(request, options)
  response.writeHead(status, { 'content-type': contentType }).end(text)
}

function answerTo({ method, url = '/' }: IncomingMessage, { registry, notReady }: ObservabilityOptions): Answer {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'only GET\n' }
  switch (url.split('?')[0]) {
    case '/live':
      return { status: 200, text: 'live\n' }
    case '/ready':
      return ready(notReady())
    case '/metrics':
      return { status: 200, text: registry.render(), contentType: PROMETHEUS_CONTENT_TYPE }
    default:
      return { status: 404, text: 'there are /live, /ready and /metrics\n' }
  }
}

function ready(reasons: readonly string[]): Answer {
  return reasons.length === 0 ? { status: 200, text: 'ready\n' } : { status: 503, text: `${reasons.join('\n')}\n` }
}
