import { PROXY_ERRORS, type ProxyErrorCode } from '@heddle/api/proxy-errors'
import type { ListenerConfig } from '../listener-config.ts'
import type { Watched } from '../net/ticker.ts'
import type { ByteSocket } from '../platform/byte-socket.ts'
import { resetSocket } from '../platform/reset.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { Stage } from './stage.ts'

/** One accepted connection, from accept to close. It has the deadline; its stage knows what to do then. */
export class Accepted<Raw extends ByteSocket = ByteSocket> implements Watched {
  deadlineMs = Number.POSITIVE_INFINITY
  watchedAt = -1
  openAt = -1
  readonly kind: ListenerConfig['kind']
  readonly raw: Raw
  readonly openedUs: number
  /** Key or address of where it goes; for people. */
  destination = ''
  peerIdentity = ''
  isDraining = false
  readonly #core: ProxyCore
  #stage: Stage | undefined
  #client: string | undefined

  constructor(raw: Raw, kind: ListenerConfig['kind'], core: ProxyCore) {
    this.raw = raw
    this.kind = kind
    this.#core = core
    this.openedUs = core.clock.monotonicUs()
  }

  /** `IP:PORT`. Asked of the system when first needed, for most connections never; a closed socket no longer knows. */
  get client(): string {
    return this.#client ?? this.rememberClient()
  }

  /** To be called where {@link client} may be asked for after the close. */
  rememberClient(): string {
    this.#client ??= `${this.raw.remoteAddress ?? '?'}:${this.raw.remotePort ?? 0}`
    return this.#client
  }

  get stage(): Stage | undefined {
    return this.#stage
  }

  /** Goes on to the next stage. */
  enter(stage: Stage): void {
    this.#stage = stage
  }

  expectWithin(delayMs: number): void {
    this.deadlineMs = this.#core.ticker.in(delayMs)
  }

  deadlinePassed(): void {
    this.#stage?.deadlinePassed()
  }

  /**
   * Does what follows a wait, an event or a connect. What fails there in a way it should not ends this connection, and no other.
   * @returns false when it failed
   */
  guard(act: () => void): boolean {
    try {
      act()
      return true
    } catch (error) {
      this.#core.turn.onBug('connection', error)
      this.abandon()
      return false
    }
  }

  abandon(): void {
    try {
      this.destroy()
    } catch (error) {
      this.#core.turn.onBug('connection', error)
    }
    this.raw.destroy()
  }

  /** Ends a connection of which nothing is known that could be answered, with a reset. */
  refuse(code: ProxyErrorCode, detail: string): void {
    const { hint } = PROXY_ERRORS[code]
    this.#core.failed(code)
    const fields = { client: this.client, destination: this.destination, error: code, detail, hint }
    this.#core.refusals.write({ level: 'warn', event: 'connection refused', kind: code, fields })
    resetSocket(this.raw, undefined)
  }

  /** Takes no more requests; ends when what is under way has ended. */
  drain(): void {
    this.isDraining = true
    this.#stage?.drain()
  }

  destroy(): void {
    if (this.#stage === undefined) this.raw.destroy()
    else this.#stage.destroy()
  }
}
