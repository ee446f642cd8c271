import { createServer } from 'node:net'

/** `port-teller.ts PORT...`: listens on each port and tells whoever connects which it is. Says `listening` once it does. */
const ports = process.argv.slice(2).map(Number)
const listening = ports.map((port) => {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.end(`${port}\n`)
  })
  return new Promise<void>((resolve) => server.listen(port, '::', () => resolve()))
})
await Promise.all(listening)
process.stdout.write('listening\n')
