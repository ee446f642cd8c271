import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createSecureServer } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { MessageInitShape } from '@bufbuild/protobuf'
import { type Code, ConnectError, type ConnectRouter, type HandlerContext } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import {
  type AcknowledgeRequest,
  type AnswerQueryRequest,
  DiscoveryService,
  type SetStateRequest,
  type SubscribeRequest,
  type WatchRequest,
  type WatchResponseSchema,
} from '@heddle/api/discovery'
import { IdentityService } from '@heddle/api/identity'
import { type ReportRequest, TelemetryService } from '@heddle/api/telemetry'
import { systemClock } from '@heddle/base/clock'
import { codeOf } from '@heddle/base/code-of'
import { createCsr } from '@heddle/identity/csr'
import { createWorkloadKey } from '@heddle/identity/key-pair'
import { createTestAuthority, type TestAuthority } from '@heddle/testkit/test-authority'

export const CONTROL_IDENTITY = 'spiffe://heddle.local/ns/heddle/sa/control-plane'

type Message = MessageInitShape<typeof WatchResponseSchema>

/** One stream that a proxy opened. */
export interface WatchedStream {
  readonly request: WatchRequest
  send(message: Message): void
  /** Ends it, with an error where one is given. */
  end(error?: ConnectError): void
  /** Cuts the connection. */
  cut(): void
  readonly isClosed: boolean
}

/** A control plane of one test: connect-node, as the real one, but it does what the test says. */
export interface FakeControlPlane extends AsyncDisposable {
  readonly port: number
  readonly authority: TestAuthority
  readonly streams: WatchedStream[]
  readonly subscribed: SubscribeRequest[]
  readonly acknowledged: AcknowledgeRequest[]
  readonly states: SetStateRequest[]
  readonly answers: AnswerQueryRequest[]
  readonly reports: ReportRequest[]
  readonly joinTokens: string[]
  readonly serviceAccountTokens: string[]
  /** Of the certificates that it has signed. */
  readonly serials: string[]
  /** Connections that were accepted in all. */
  connections: number
  /** Names in the certificate that each connection showed; empty where it showed none. */
  readonly peers: string[]
  /** Called before each unary call is answered; may throw. */
  beforeCall: (method: string) => void | Promise<void>
  /** Called with each new stream. */
  onStream: (stream: WatchedStream) => void
  stop(): Promise<void>
}

export interface FakeControlPlaneOptions {
  readonly authority?: TestAuthority
  readonly port?: number
  /** Who it says it is. */
  readonly identity?: string
  readonly host?: string
  /** HTTP/2, as the real one; else HTTP/1.1 only. Not under Bun, whose HTTP/2 server cannot do it. */
  readonly http2?: boolean
}

export async function startFakeControlPlane(options: FakeControlPlaneOptions = {}): Promise<FakeControlPlane> {
  const authority = options.authority ?? (await createTestAuthority(systemClock, 86_400_000))
  const { privateKey, privateKeyPem } = await createWorkloadKey()
  const { certificateChainPem } = await authority.sign(createCsr(privateKey, options.identity ?? CONTROL_IDENTITY))
  const sockets = new Set<Socket>()
  const http = createHttpServer()
  const tls = {
    cert: certificateChainPem,
    key: privateKeyPem,
    ca: authority.trustBundlePem,
    minVersion: 'TLSv1.3' as const,
    requestCert: true,
    rejectUnauthorized: false,
  }
  const isHttp2 = options.http2 === true
  const server = isHttp2 ? createSecureServer(tls) : createServer({ ...tls, ALPNProtocols: ['http/1.1'] })
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    plane.connections += 1
    plane.peers.push(socket.getPeerX509Certificate()?.subjectAltName ?? '')
    socket.on('error', () => {})
    if (!isHttp2) http.emit('connection', socket)
  })
  server.on('tlsClientError', () => {})
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const stop = async () => {
    for (const socket of sockets) socket.destroy()
    http.closeAllConnections()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  const plane: FakeControlPlane = {
    port: 0,
    authority,
    streams: [],
    subscribed: [],
    acknowledged: [],
    states: [],
    answers: [],
    reports: [],
    joinTokens: [],
    serviceAccountTokens: [],
    serials: [],
    connections: 0,
    peers: [],
    beforeCall: () => {},
    onStream: () => {},
    stop,
    [Symbol.asyncDispose]: stop,
  }
  const handler = connectNodeAdapter({ routes: (router) => addRoutes(router, plane) })
  http.on('request', handler)
  if (isHttp2) server.on('request', handler)
  await listen(server, options)
  return Object.assign(plane, { port: (server.address() as AddressInfo).port })
}

/** At a port of its own, or at that of one that was stopped: another test may have been given it, for as long as that goes. */
async function listen(server: Server, { port = 0, host = '127.0.0.1' }: FakeControlPlaneOptions): Promise<void> {
  for (;;) {
    try {
      server.listen(port, host)
      await once(server, 'listening')
      return
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE') throw error
      await systemClock.sleep(20)
    }
  }
}

function addRoutes(router: ConnectRouter, plane: FakeControlPlane): void {
  router.service(IdentityService, {
    async sign({ csr, joinToken, serviceAccountToken }) {
      plane.joinTokens.push(joinToken)
      if (serviceAccountToken !== '') plane.serviceAccountTokens.push(serviceAccountToken)
      await plane.beforeCall('sign')
      const signed = await plane.authority.sign(csr)
      plane.serials.push(new X509Certificate(signed.certificateChainPem).serialNumber)
      return { ...signed, notBeforeMs: BigInt(signed.notBeforeMs), notAfterMs: BigInt(signed.notAfterMs) }
    },
  })
  router.service(TelemetryService, {
    async report(request) {
      await plane.beforeCall('report')
      plane.reports.push(request)
      return { intervalMs: 0 }
    },
  })
  router.service(DiscoveryService, {
    watch: (request, context) => watch(plane, request, context),
    async subscribe(request) {
      await plane.beforeCall('subscribe')
      plane.subscribed.push(request)
      return {}
    },
    async acknowledge(request) {
      await plane.beforeCall('acknowledge')
      plane.acknowledged.push(request)
      return {}
    },
    async answerQuery(request) {
      await plane.beforeCall('answerQuery')
      plane.answers.push(request)
      return {}
    },
    async setState(request) {
      await plane.beforeCall('setState')
      plane.states.push(request)
      return {}
    },
  })
}

async function* watch(
  plane: FakeControlPlane,
  request: WatchRequest,
  context: HandlerContext,
): AsyncGenerator<Message> {
  const queue: (Message | ConnectError | 'end')[] = []
  let wake = () => {}
  const push = (item: Message | ConnectError | 'end') => {
    queue.push(item)
    wake()
  }
  let isClosed = false
  context.signal.addEventListener('abort', () => {
    isClosed = true
    push('end')
  })
  plane.onStream(
    track(plane, {
      request,
      send: push,
      end: (error) => push(error ?? 'end'),
      cut: () => void plane.stop(),
      get isClosed() {
        return isClosed
      },
    }),
  )
  for (;;) {
    while (queue.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    const item = queue.shift()!
    if (item === 'end') return
    if (item instanceof ConnectError) throw item
    yield item
  }
}

function track(plane: FakeControlPlane, stream: WatchedStream): WatchedStream {
  plane.streams.push(stream)
  return stream
}

/** An answer of "no". */
export function refusal(code: Code, message: string): ConnectError {
  return new ConnectError(message, code)
}
