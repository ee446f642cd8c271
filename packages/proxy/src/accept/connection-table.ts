import type { Counter, Registry } from '@heddle/telemetry/registry'
import type { ListenerConfig } from '../listener-config.ts'
import { Roster } from '../net/roster.ts'
import type { ByteSocket } from '../platform/byte-socket.ts'
import type { ProxyCore } from '../proxy-core.ts'
import { Accepted } from './accepted.ts'
import type { ConnectionRecord } from './connection-record.ts'
import type { Admission } from './listener.ts'

/** All accepted connections of the process, and the limit of their number. */
export class ConnectionTable implements Admission {
  readonly #core: ProxyCore
  readonly #open = new Roster<'openAt', Accepted>('openAt')
  readonly #counter: Counter
  #emptied: (() => void) | undefined
  /** Connections ever accepted. */
  accepted = 0

  constructor(core: ProxyCore, meter: Registry) {
    this.#core = core
    this.#counter = meter.counter('heddle_connections_accepted_total', 'Connections accepted by the proxy.')
    meter.gauge('heddle_connections_open_count', 'Accepted connections that are open.', () => this.#open.size)
  }

  get size(): number {
    return this.#open.size
  }

  /**
   * Whether something would be missed by someone who closed all of it: any connection of the application's own, since one
   * that has ended holds none, and what is under way towards it. Idle connections of other proxies are not.
   */
  get isBusy(): boolean {
    for (const { kind, stage } of this.#open) {
      if (kind === 'transparent-outbound' || kind === 'explicit-outbound') return true
      const { openRequests = 0, protocol = '' } = stage ?? {}
      const isHttp = protocol === 'http1' || protocol === 'http2'
      if (openRequests > 0 || !isHttp) return true
    }
    return false
  }

  admit<Raw extends ByteSocket>(socket: Raw, kind: ListenerConfig['kind']): Accepted<Raw> | undefined {
    socket.on('error', ignore)
    if (this.#open.size >= this.#core.limits.connections) {
      this.#refuse(socket)
      return undefined
    }
    const accepted = new Accepted(socket, kind, this.#core)
    this.accepted += 1
    this.#counter.add()
    this.#open.add(accepted)
    this.#core.ticker.watch(accepted)
    socket.once('close', () => this.#closed(accepted))
    return accepted
  }

  records(most: number): ConnectionRecord[] {
    const records: ConnectionRecord[] = []
    for (const accepted of this.#open) {
      if (records.length === most) break
      records.push(this.#toRecord(accepted))
    }
    return records
  }

  /** Resolves when all have ended, or after `drainMs`. */
  async drain(drainMs: number): Promise<void> {
    this.#open.forEach((accepted) => {
      accepted.drain()
    })
    if (this.#open.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = this.#core.clock.after(drainMs, resolve)
      this.#emptied = () => {
        timer.cancel()
        resolve()
      }
    })
  }

  destroy(): void {
    this.#open.forEach((accepted) => {
      accepted.abandon()
    })
  }

  #closed(accepted: Accepted): void {
    this.#core.ticker.unwatch(accepted)
    this.#open.delete(accepted)
    if (this.#open.size === 0) this.#emptied?.()
  }

  #refuse(socket: ByteSocket): void {
    const { limits, refusals } = this.#core
    this.#core.limitReached('connections')
    this.#core.failed('connection_limit')
    socket.destroy()
    const fields = { error: 'connection_limit', limit: limits.connections }
    refusals.write({ level: 'warn', event: 'connection refused', kind: 'connection_limit', fields })
  }

  #toRecord(accepted: Accepted): ConnectionRecord {
    const { kind, stage } = accepted
    return {
      listener: kind,
      client: accepted.client,
      destination: accepted.destination,
      protocol: stage?.protocol ?? 'resolving',
      peerIdentity: accepted.peerIdentity,
      openRequests: stage?.openRequests ?? 0,
      readBytes: stage?.readBytes ?? 0,
      writtenBytes: stage?.writtenBytes ?? 0,
      ageMs: Math.round((this.#core.clock.monotonicUs() - accepted.openedUs) / 1000),
    }
  }
}

function ignore(): void {
  // 'close' follows, and whoever serves the connection listens too.
}
