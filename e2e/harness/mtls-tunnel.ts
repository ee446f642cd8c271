import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { TestIdentity } from '@heddle/testkit/test-ca'
import { listen, portOf } from './hops.ts'

/** Server name of the proxy beside the origin of `TwoHops`. */
const SERVER_NAME = 'server.shop.sa.heddle.local'

/**
 * A port of loopback whose plain octets reach the inbound listener of a proxy by mutual TLS as another proxy would send them.
 * So a program that has no certificate can test the listener.
 */
export class MtlsTunnel {
  readonly port: number
  readonly #server: Server
  readonly #sockets: ReadonlySet<Socket>

  private constructor(server: Server, sockets: ReadonlySet<Socket>) {
    this.port = portOf(server)
    this.#server = server
    this.#sockets = sockets
  }

  static async start(inboundPort: number, identity: TestIdentity): Promise<MtlsTunnel> {
    const sockets = new Set<Socket>()
    const server = createServer({ allowHalfOpen: true }, (plain) => {
      const secure = connectTls({
        socket: connectTcp({ port: inboundPort, host: '127.0.0.1' }),
        servername: SERVER_NAME,
        ALPNProtocols: ['h2'],
        minVersion: 'TLSv1.3',
        cert: identity.certificateChainPem,
        key: identity.privateKeyPem,
        ca: identity.trustBundlePem,
        checkServerIdentity: () => undefined, // the name is a SPIFFE id, not one of DNS
      })
      join(plain, secure)
      join(secure, plain)
      sockets.add(plain)
      plain.on('close', () => sockets.delete(plain))
    })
    await listen(server)
    return new MtlsTunnel(server, sockets)
  }

  [Symbol.dispose](): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }
}

function join(from: Socket, to: Socket): void {
  from.pipe(to)
  from.on('error', () => undefined)
  from.on('close', () => to.destroy())
}
