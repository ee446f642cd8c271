/**
 * WebSockets for the end-to-end tests. It knows nothing of the mesh.
 *
 * usage: node ws.ts serve   sends back what comes at BIND_ADDRESS:PORT; after SIGTERM it takes no new ones, and ends with the last
 *        node ws.ts call [FILE]
 *                           sends numbers to ECHO, prints each that comes back, and how it ended: `closed CODE` or
 *                           `refused STATUS`; with FILE it says `waiting` first and waits until that is there
 */
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { WebSocket, WebSocketServer } from 'ws'

const EVERY_MS = 50

const [deed, startFile] = process.argv.slice(2)
if (deed === 'serve') serve()
else {
  if (startFile !== undefined) await untilThere(startFile)
  call()
}

function serve(): void {
  const server = createServer((_request, response) => void response.end('ready'))
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => {
    socket.on('error', () => undefined)
    socket.on('message', (message) => socket.send(message, { binary: false }))
  })
  server.listen(Number(process.env.PORT), process.env.BIND_ADDRESS)
  process.on('SIGTERM', () => {
    process.stdout.write('told to end\n')
    server.close(() => process.exit(0))
    server.closeIdleConnections()
  })
}

async function untilThere(file: string): Promise<void> {
  process.stdout.write('waiting\n')
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
}

function call(): void {
  const socket = new WebSocket(`ws://${process.env.ECHO}/chat`)
  let next = 0
  const timer = setInterval(() => {
    if (socket.readyState === WebSocket.OPEN) socket.send(String(next++))
  }, EVERY_MS)
  socket.on('message', (message: Buffer) => process.stdout.write(`${message.toString()}\n`))
  socket.on('error', () => undefined)
  socket.on('unexpected-response', (_request, { statusCode }) => end(`refused ${statusCode}`))
  socket.on('close', (code) => end(`closed ${code}`))
  const end = (how: string): void => {
    clearInterval(timer)
    process.stdout.write(`${how}\n`, () => process.exit(0))
  }
}
