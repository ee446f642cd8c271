import { createServer } from 'node:net'
import { OriginConnection } from './origin-connection.ts'
import { SERVICES } from './services.ts'

/** On which ports of the loopback which exchange is answered: the one argument, as JSON. */
export type OriginPorts = Readonly<Record<string, readonly number[]>>

const BACKLOG = 4096

/** Runs until it is killed. */
function main(ports: OriginPorts): void {
  for (const [name, numbers] of Object.entries(ports)) {
    const service = SERVICES.get(name)
    if (service === undefined) throw new Error(`the origin knows no "${name}"`)
    for (const port of numbers) {
      const server = createServer((socket) => void new OriginConnection(socket, service))
      server.listen({ port, host: '127.0.0.1', backlog: BACKLOG })
    }
  }
}

main(JSON.parse(process.argv[2] ?? '{}') as OriginPorts)
