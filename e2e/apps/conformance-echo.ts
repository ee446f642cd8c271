/**
 * Answers as the echo server of the Gateway API's conformance tests does: what came, and to whom. It knows nothing of the mesh.
 *
 * HTTP/1.1 on HTTP_PORT: JSON. gRPC on GRPC_PORT: service `GrpcEcho`. TCP on TCP_PORT: the octets. A port that is not given is not
 * listened on. The query `delay=N` (ms) lets an answer of HTTP wait.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { createServer as createTcpServer } from 'node:net'
import { ECHO_METHODS, type Echo, writeEchoResponse } from '../harness/echo-message.ts'

const { NAMESPACE = '', POD_NAME = '', BIND_ADDRESS, HTTP_PORT, GRPC_PORT, TCP_PORT } = process.env
const UNIMPLEMENTED = '12'

if (HTTP_PORT !== undefined) createServer(answerHttp).listen(Number(HTTP_PORT), BIND_ADDRESS)
if (GRPC_PORT !== undefined) {
  const server = createHttp2Server()
  server.on('stream', answerGrpc)
  server.listen(Number(GRPC_PORT), BIND_ADDRESS)
}
if (TCP_PORT !== undefined) {
  createTcpServer((socket) => socket.on('error', () => socket.destroy()).pipe(socket)).listen(
    Number(TCP_PORT),
    BIND_ADDRESS,
  )
}
process.on('SIGTERM', () => process.exit(0))
// Without a port there is nothing else that would keep it alive.
setInterval(() => undefined, 60_000)

function answerHttp(request: IncomingMessage, response: ServerResponse): void {
  const headers: Record<string, string[]> = {}
  const raw = request.rawHeaders
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase()
    if (name === 'host') continue
    headers[name] = [...(headers[name] ?? []), raw[i + 1]!]
  }
  const { url = '', method = '' } = request
  const echo: Echo = {
    path: url,
    host: request.headers.host ?? '',
    method,
    headers,
    namespace: NAMESPACE,
    pod: POD_NAME,
  }
  const delayMs = Number(new URL(url, 'http://echo').searchParams.get('delay') ?? 0)
  response.setHeader('content-type', 'application/json')
  setTimeout(() => response.end(JSON.stringify(echo)), delayMs)
}

function answerGrpc(stream: ServerHttp2Stream, fields: IncomingHttpHeaders): void {
  stream.on('error', () => undefined)
  stream.resume().once('end', () => {
    const path = String(fields[':path'])
    const head = { ':status': 200, 'content-type': 'application/grpc' }
    if (!ECHO_METHODS.includes(path)) {
      stream.respond({ ...head, 'grpc-status': UNIMPLEMENTED }, { endStream: true })
      return
    }
    stream.respond(head, { waitForTrailers: true })
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(toFrame(writeEchoResponse(describeCall(path, fields))))
  })
}

function describeCall(path: string, fields: IncomingHttpHeaders): Echo {
  const regular = Object.entries(fields).filter(([name]) => !name.startsWith(':'))
  const headers = Object.fromEntries(regular.map(([name, value]) => [name, [value ?? []].flat()]))
  return { path, host: String(fields[':authority']), method: 'POST', headers, namespace: NAMESPACE, pod: POD_NAME }
}

/** A message of gRPC without compression. */
function toFrame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}
