/**
 * An HTTP/1.1 server for the end-to-end tests. It knows nothing of the mesh.
 *
 * `/`             answers its name
 * `/headers`      answers the request's headers as JSON
 * `/bytes?n=N`    answers N octets
 * `/wait?ms=N`    answers after N ms
 * `POST /sink`    answers how many octets it got
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

const name = process.env.NAME ?? 'echo'
const server = createServer((request, response) => void answer(request, response))
server.keepAliveTimeout = 60_000
server.listen(Number(process.env.PORT), process.env.BIND_ADDRESS)

process.on('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://echo')
  switch (url.pathname) {
    case '/headers':
      return void response.end(JSON.stringify(request.headers))
    case '/bytes':
      return void sendBytes(response, Number(url.searchParams.get('n')))
    case '/wait':
      await new Promise((resolve) => setTimeout(resolve, Number(url.searchParams.get('ms'))))
      return void response.end(name)
    case '/sink':
      return void response.end(String(await count(request)))
    default:
      return void response.end(name)
  }
}

function sendBytes(response: ServerResponse, total: number): void {
  const piece = Buffer.alloc(65_536, 'x')
  let left = total
  response.setHeader('content-length', total)
  const more = () => {
    while (left > 0) {
      const size = Math.min(left, piece.length)
      left -= size
      if (!response.write(piece.subarray(0, size))) return void response.once('drain', more)
    }
    response.end()
  }
  more()
}

async function count(request: IncomingMessage): Promise<number> {
  let total = 0
  for await (const chunk of request) total += (chunk as Buffer).length
  return total
}
