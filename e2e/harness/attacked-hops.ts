import { createTestCa } from '@heddle/testkit/test-ca'
import { expect } from 'vitest'
import { type DualHandler, DualServer } from './dual-server.ts'
import { headers, request } from './h2-frames.ts'
import { H2Peer } from './h2-peer.ts'
import { type HopsOptions, memoryOf, TwoHops } from './hops.ts'
import { MtlsTunnel } from './mtls-tunnel.ts'
import { until } from './until.ts'

/** Which of the two listeners an attacker has reached: that of an application's own proxy, or that for other proxies. */
export type Side = 'outbound' | 'inbound'

export const SIDES: readonly { readonly side: Side }[] = [{ side: 'outbound' }, { side: 'inbound' }]

/** One listener, and the proxy that has it. */
export interface Door {
  readonly port: number
  readonly adminPort: number
  readonly pid: number
}

/** What must have happened when a deed is done. */
export interface Deed {
  readonly side: Side
  /** Sample of a metric that has grown by it. */
  readonly counter: string
}

const NOT_READ_MS = 300
const LARGE_BYTES = 100_000
const CLIENT_ID = 'spiffe://heddle.local/ns/shop/sa/attacker'
const MAX_GROWTH_KB = 64 * 1024

/** Two running proxies in front of an application, with a way to both listeners for whoever speaks HTTP/2 in octets. */
export class AttackedHops {
  readonly hops: TwoHops
  readonly #server: DualServer
  readonly #tunnel: MtlsTunnel

  private constructor(hops: TwoHops, server: DualServer, tunnel: MtlsTunnel) {
    this.hops = hops
    this.#server = server
    this.#tunnel = tunnel
  }

  /** @param handler - is to answer `/hello` with `hello` */
  static async start(
    handler: DualHandler,
    limits: Pick<HopsOptions, 'limits' | 'serverLimits'> = {},
  ): Promise<AttackedHops> {
    const authority = await createTestCa()
    const server = await DualServer.start(handler)
    const hops = await TwoHops.start({ originPort: server.port, protocol: 'http2', authority, ...limits })
    const tunnel = await MtlsTunnel.start(hops.inboundPort, await authority.issueFor(CLIENT_ID))
    const attacked = new AttackedHops(hops, server, tunnel)
    await Promise.all(SIDES.map(({ side }) => getHello(attacked.door(side).port)))
    return attacked
  }

  door(side: Side): Door {
    const { hops } = this
    return side === 'outbound'
      ? { port: hops.port, adminPort: hops.adminPort, pid: hops.client.process.pid! }
      : { port: this.#tunnel.port, adminPort: hops.serverAdminPort, pid: hops.server.process.pid! }
  }

  /** Others are served during the deed and after it, memory stays bounded, and it is counted. */
  async expectUnharmed({ side, counter }: Deed, deed: () => Promise<void>): Promise<void> {
    const { adminPort, pid } = this.door(side)
    const before = { count: await this.hops.metric(counter, adminPort), rssKb: memoryOf(pid).rssKb }
    const attacked = deed()
    let served = 0
    const watched = attacked.then(
      () => true,
      () => true,
    )
    do {
      await getHello(this.hops.port)
      served += 1
    } while (!(await Promise.race([watched, Promise.resolve(false)])))
    await attacked
    expect(served).toBeGreaterThan(0)
    await until('it is counted', async () => (await this.hops.metric(counter, adminPort)) > before.count)
    expect(memoryOf(pid).rssKb - before.rssKb).toBeLessThan(MAX_GROWTH_KB)
  }

  /** Waits until large answers stand still: whoever asked for them reads no more. */
  async untilBlocked(side: Side): Promise<void> {
    let last = ''
    let sinceMs = performance.now()
    await until('nothing moves', async () => {
      // The proxy of the client goes on to bring what others ask.
      const attackers = (await this.hops.connections(this.door(side).adminPort)).filter(
        ({ peerIdentity = '' }) => !peerIdentity.endsWith('/sa/client'),
      )
      const large = attackers.filter(({ writtenBytes }) => writtenBytes > LARGE_BYTES)
      const moved = large.map(({ writtenBytes }) => writtenBytes).join()
      if (moved !== last) sinceMs = performance.now()
      last = moved
      return moved !== '' && performance.now() - sinceMs > NOT_READ_MS
    })
  }

  /** Connections that the listener's proxy has accepted and not closed. */
  async openConnections(side: Side): Promise<number> {
    return (await this.hops.connections(this.door(side).adminPort)).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tunnel[Symbol.dispose]()
    await this.hops[Symbol.asyncDispose]()
    this.#server[Symbol.dispose]()
  }
}

/** Name of the counter of a fault. */
export function faults(fault: string): string {
  return `heddle_protocol_faults_total{fault="${fault}"}`
}

/** Name of the counter of a limit. */
export function reached(limit: string): string {
  return `heddle_limit_reached_total{limit="${limit}"}`
}

/** A request of somebody else, on a connection of its own. */
async function getHello(port: number): Promise<void> {
  const peer = await H2Peer.start(port)
  peer.write(headers(1, request('/hello')))
  await until('another client is served', () => peer.bodyOf(1) === 'hello')
  peer.destroy()
}
