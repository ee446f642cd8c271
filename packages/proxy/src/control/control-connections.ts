import type { Clock } from '@heddle/base/clock'
import type { HostPort } from '@heddle/base/host-port'
import { addressesOf, type ResolveName, resolveName } from './control-addresses.ts'
import {
  type ControlConnection,
  type ControlCredentials,
  type ControlTarget,
  openControlConnection,
} from './control-connection.ts'
import { ControlError } from './control-error.ts'

/** What connections to the control plane depend on. */
export interface ControlConnectionsOptions {
  readonly target: ControlTarget
  /** Asked at each new connection; another object than before makes calls use a new connection. */
  readonly credentials: () => ControlCredentials
  readonly clock: Clock
  readonly timeoutMs?: number
  /** 0 to below 1; `Math.random` unless stated. */
  readonly random?: () => number
  /** Asks the system unless stated. */
  readonly resolve?: ResolveName
}

/** A connection, and by what it was made. */
export interface Opened {
  readonly connection: ControlConnection
  readonly credentials: ControlCredentials
}

const TIMEOUT_MS = 5_000
/** Where there is another address to try, a replica that does not answer is left so soon. */
const NEXT_ADDRESS_MS = 1_000
/** Kept open for the next call; two, so that a report under way does not delay a subscription. */
const MAX_IDLE = 2

/** The connections to the control plane: opens them, and keeps a few for further calls. */
export class ControlConnections {
  readonly timeoutMs: number
  readonly #options: ControlConnectionsOptions
  #idle: Opened[] = []
  /** That of the open stream, where it takes calls as well. */
  #shared: Opened | undefined

  constructor(options: ControlConnectionsOptions) {
    this.#options = options
    this.timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  }

  /** One that is there and was made with the present credentials: that of the stream, else one that lies idle. */
  take(): Opened | undefined {
    return this.#takeShared() ?? this.#takeIdle()
  }

  /** @throws {ControlError} what went wrong at the last address */
  async open(): Promise<Opened> {
    const { target, random = Math.random, resolve = resolveName } = this.#options
    const addresses = await addressesOf(target.address, { resolve, random })
    for (const address of addresses.slice(0, -1)) {
      try {
        return await this.#connect(address, Math.min(this.timeoutMs, NEXT_ADDRESS_MS))
      } catch (error) {
        if (!(error instanceof ControlError)) throw error
      }
    }
    return await this.#connect(addresses.at(-1)!, this.timeoutMs)
  }

  /** The stream goes over `opened`: calls do, too, where it takes many. */
  share(opened: Opened): void {
    if (opened.connection.takesMany) this.#shared = opened
  }

  isShared(opened: Opened): boolean {
    return opened === this.#shared
  }

  /** The stream is over, and its connection with it. */
  unshare(opened: Opened): void {
    if (this.isShared(opened)) this.#shared = undefined
    opened.connection.close()
  }

  /** A call is over that had `used` for itself. */
  keep(used: Opened): void {
    if (this.isShared(used)) return
    if (this.#idle.length >= MAX_IDLE || !used.connection.isReusable) {
      used.connection.close()
      return
    }
    used.connection.onClose = () => {
      this.#idle = this.#idle.filter((idle) => idle !== used)
    }
    this.#idle.push(used)
  }

  /** Closes those that are kept. */
  close(): void {
    const idle = this.#idle
    this.#idle = []
    for (const { connection } of idle) connection.close()
  }

  async #connect(address: HostPort, timeoutMs: number): Promise<Opened> {
    const { target, clock } = this.#options
    const credentials = this.#options.credentials()
    const connection = await openControlConnection({ ...target, address }, { credentials, clock, timeoutMs })
    return { connection, credentials }
  }

  #takeShared(): Opened | undefined {
    const shared = this.#shared
    const isGood = shared?.credentials === this.#options.credentials() && shared.connection.isReusable
    return isGood ? shared : undefined
  }

  #takeIdle(): Opened | undefined {
    const present = this.#options.credentials()
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.credentials === present && idle.connection.isReusable) return idle
      idle.connection.close()
    }
    return undefined
  }
}
