import type { Clock } from '@heddle/base/clock'
import type { BodySender } from '@heddle/http/session'
import type { SocketAddress } from '../config/address.ts'
import { AnswerReceiver } from './answer-receiver.ts'
import { addressesOf, type ResolveName, resolveName } from './control-addresses.ts'
import {
  type ControlConnection,
  type ControlCredentials,
  type ControlTarget,
  openControlConnection,
} from './control-connection.ts'
import { ControlError } from './control-error.ts'
import { writeEnvelope } from './envelope.ts'
import type { StreamRpc, UnaryRpc } from './rpc.ts'
import { StreamReceiver } from './stream-receiver.ts'
import { Watchdog } from './watchdog.ts'

/** What can be asked of the control plane. */
export interface ControlClient {
  /**
   * One request, one answer.
   *
   * @throws {ControlError}
   */
  call<Request, Response>(rpc: UnaryRpc<Request, Response>, request: Request): Promise<Response>
  /**
   * Opens a stream, on a connection of its own, and resolves when the server ended it well. Over HTTP/2 calls meanwhile go
   * over the same connection: of several replicas only the one that has the stream knows it.
   *
   * @throws {ControlError} when it could not be opened, broke, was silent for too long, or `signal` was aborted
   */
  stream<Request, Response>(
    rpc: StreamRpc<Request, Response>,
    request: Request,
    options: StreamOptions<Response>,
  ): Promise<void>
  /** Closes the connections that are kept for further calls. */
  close(): void
}

export interface StreamOptions<Response> {
  readonly onMessage: (message: Response) => void
  /** After so long without any octet the connection is taken to be dead. */
  readonly silenceMs: number
  readonly signal: AbortSignal
}

export interface ControlClientOptions {
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

const TIMEOUT_MS = 5_000
/** Where there is another address to try, a replica that does not answer is left so soon. */
const NEXT_ADDRESS_MS = 1_000
/** Kept open for the next call; two, so that a report under way does not delay a subscription. */
const MAX_IDLE = 2

/** Connect's JSON encoding over our own HTTP codecs: no library enters the proxy for it. */
export function createControlClient(options: ControlClientOptions): ControlClient {
  return new ConnectClient(options)
}

interface Idle {
  readonly connection: ControlConnection
  readonly credentials: ControlCredentials
}

class ConnectClient implements ControlClient {
  readonly #options: ControlClientOptions
  readonly #timeoutMs: number
  #idle: Idle[] = []
  /** The connection of the open stream, where it takes calls as well. */
  #shared: Idle | undefined

  constructor(options: ControlClientOptions) {
    this.#options = options
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  }

  async call<Request, Response>(rpc: UnaryRpc<Request, Response>, request: Request): Promise<Response> {
    const body = toBytes(request)
    for (;;) {
      const kept = this.#takeShared() ?? this.#takeIdle()
      const used = kept ?? (await this.#open())
      try {
        return (await this.#exchange(used, rpc.path, body)) as Response
      } catch (error) {
        // The server may have closed a kept connection in the moment of the request; all calls bear being repeated.
        const isStale = kept !== undefined && error instanceof ControlError && error.code === 'unreachable'
        if (!isStale) throw error
      }
    }
  }

  async stream<Request, Response>(
    rpc: StreamRpc<Request, Response>,
    request: Request,
    options: StreamOptions<Response>,
  ): Promise<void> {
    options.signal.throwIfAborted()
    const opened = await this.#open()
    const { connection } = opened
    if (connection.takesMany) this.#shared = opened
    const { clock } = this.#options
    const { silenceMs, signal, onMessage } = options
    const abort = () => connection.close()
    signal.addEventListener('abort', abort, { once: true })
    const watchdog = new Watchdog(clock, silenceMs, abort)
    try {
      const body = writeEnvelope(toBytes(request))
      await new Promise<void>((resolve, reject) => {
        const receiver = new StreamReceiver({
          resolve,
          reject,
          onMessage: onMessage as (message: unknown) => void,
          onAlive: () => watchdog.feed(),
        })
        connection.request({ path: rpc.path, contentType: 'application/connect+json', body }, receiver)
        if (signal.aborted) abort()
      })
    } catch (error) {
      if (watchdog.hasBitten) throw new ControlError('unreachable', `silent for ${silenceMs} ms`)
      throw error
    } finally {
      watchdog.stop()
      signal.removeEventListener('abort', abort)
      if (this.#shared === opened) this.#shared = undefined
      connection.close()
    }
  }

  close(): void {
    const idle = this.#idle
    this.#idle = []
    for (const { connection } of idle) connection.close()
  }

  async #open(): Promise<Idle> {
    const { target, random = Math.random, resolve = resolveName } = this.#options
    const addresses = await addressesOf(target.address, { resolve, random })
    for (const address of addresses.slice(0, -1)) {
      try {
        return await this.#connect(address, Math.min(this.#timeoutMs, NEXT_ADDRESS_MS))
      } catch (error) {
        if (!(error instanceof ControlError)) throw error
      }
    }
    return await this.#connect(addresses.at(-1)!, this.#timeoutMs)
  }

  async #connect(address: SocketAddress, timeoutMs: number): Promise<Idle> {
    const { target, clock } = this.#options
    const credentials = this.#options.credentials()
    const connection = await openControlConnection({ ...target, address }, { credentials, clock, timeoutMs })
    return { connection, credentials }
  }

  #takeShared(): Idle | undefined {
    const shared = this.#shared
    const isGood = shared?.credentials === this.#options.credentials() && shared.connection.isReusable
    return isGood ? shared : undefined
  }

  #takeIdle(): Idle | undefined {
    const present = this.#options.credentials()
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.credentials === present && idle.connection.isReusable) return idle
      idle.connection.close()
    }
    return undefined
  }

  #exchange(used: Idle, path: string, body: Uint8Array): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { connection } = used
      let sender: BodySender | undefined
      const fail = (error: ControlError) => {
        timer.cancel()
        reject(error)
        // The stream goes on; whether its connection is dead is found out by its silence.
        if (used === this.#shared) sender?.reset({ kind: 'local', detail: error.message })
        else connection.close()
      }
      const timer = this.#options.clock.after(this.#timeoutMs, () =>
        fail(new ControlError('deadline_exceeded', `no answer to ${path} after ${this.#timeoutMs} ms`)),
      )
      const finish = (settle: () => void) => {
        timer.cancel()
        // After the session has taken note that the answer ended.
        queueMicrotask(() => this.#keep(used))
        settle()
      }
      const receiver = new AnswerReceiver({
        onAnswer: (json) => finish(() => resolve(json)),
        onRefused: (error) => finish(() => reject(error)),
        onBroken: fail,
      })
      sender = connection.request({ path, contentType: 'application/json', body }, receiver)
    })
  }

  #keep(used: Idle): void {
    if (used === this.#shared) return
    if (this.#idle.length >= MAX_IDLE || !used.connection.isReusable) {
      used.connection.close()
      return
    }
    used.connection.onClose = () => {
      this.#idle = this.#idle.filter((idle) => idle !== used)
    }
    this.#idle.push(used)
  }
}

function toBytes(request: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(request))
}
