/**
 * Servers that are not plain HTTP, each on a port of its own, for the end-to-end tests. They know nothing of the mesh.
 *
 * BANNER_PORT  speaks first: a banner, then every line back
 * OPAQUE_PORT  gives every octet back, turned round bit by bit; ends when the client has ended
 * UPGRADE_PORT HTTP/1.1 which upgrades to an echo; `/` answers its name
 * TLS_PORT     TLS with a certificate of its own (TLS_CERT_FILE, TLS_KEY_FILE): one line, then the end
 */
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

const { env } = process
const host = env.BIND_ADDRESS ?? '127.0.0.1'
const bear = (socket: Socket): Socket => socket.on('error', () => undefined)

createServer((socket) => {
  bear(socket).write('220 ready\r\n')
  socket.pipe(socket)
}).listen(Number(env.BANNER_PORT), host)

createServer({ allowHalfOpen: true }, (socket) => {
  bear(socket).on('data', (octets: Buffer) => socket.write(octets.map((octet) => octet ^ 0xff)))
  socket.on('end', () => socket.end('end'))
}).listen(Number(env.OPAQUE_PORT), host)

createHttpServer((_request, response) => void response.end('speakers'))
  .on('upgrade', (_request, socket, head) => {
    socket.on('error', () => undefined)
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    socket.write(head)
    socket.pipe(socket)
  })
  .listen(Number(env.UPGRADE_PORT), host)

createTlsServer({ cert: readFileSync(env.TLS_CERT_FILE!), key: readFileSync(env.TLS_KEY_FILE!) }, (socket) => {
  bear(socket).end('a secret of the application')
}).listen(Number(env.TLS_PORT), host)
