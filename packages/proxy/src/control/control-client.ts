import type { Clock } from '@heddle/base/clock'
import type { BodySender } from '@heddle/http/session'
import { AnswerReceiver } from './answer-receiver.ts'
import type { ControlConnection } from './control-connection.ts'
import { ControlConnections, type ControlConnectionsOptions, type Opened } from './control-connections.ts'
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

/** Connect's JSON encoding over our own HTTP codecs: no library enters the proxy for it. */
export function createControlClient(options: ControlConnectionsOptions): ControlClient {
  return new ConnectClient(new ControlConnections(options), options.clock)
}

class ConnectClient implements ControlClient {
  readonly #connections: ControlConnections
  readonly #clock: Clock

  constructor(connections: ControlConnections, clock: Clock) {
    this.#connections = connections
    this.#clock = clock
  }

  async call<Request, Response>(rpc: UnaryRpc<Request, Response>, request: Request): Promise<Response> {
    const body = toBytes(request)
    for (;;) {
      const kept = this.#connections.take()
      const used = kept ?? (await this.#connections.open())
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
    const opened = await this.#connections.open()
    const { connection } = opened
    this.#connections.share(opened)
    const { silenceMs, signal } = options
    const abort = () => connection.close()
    signal.addEventListener('abort', abort, { once: true })
    const watchdog = new Watchdog(this.#clock, silenceMs, abort)
    try {
      const receiving = receiveStream({ connection, path: rpc.path, request }, options, watchdog)
      if (signal.aborted) abort()
      await receiving
    } catch (error) {
      if (watchdog.hasBitten) throw new ControlError('unreachable', `silent for ${silenceMs} ms`)
      throw error
    } finally {
      watchdog.stop()
      signal.removeEventListener('abort', abort)
      this.#connections.unshare(opened)
    }
  }

  close(): void {
    this.#connections.close()
  }

  #exchange(used: Opened, path: string, body: Uint8Array): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { connection } = used
      let sender: BodySender | undefined
      const fail = (error: ControlError) => {
        timer.cancel()
        reject(error)
        // The stream goes on; whether its connection is dead is found out by its silence.
        if (this.#connections.isShared(used)) sender?.reset({ kind: 'local', detail: error.message })
        else connection.close()
      }
      const { timeoutMs } = this.#connections
      const timer = this.#clock.after(timeoutMs, () =>
        fail(new ControlError('deadline_exceeded', `no answer to ${path} after ${timeoutMs} ms`)),
      )
      const finish = (settle: () => void) => {
        timer.cancel()
        // After the session has taken note that the answer ended.
        queueMicrotask(() => this.#connections.keep(used))
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
}

interface StreamRequest {
  readonly connection: ControlConnection
  readonly path: string
  readonly request: unknown
}

/** Resolves when the server ended the stream well. */
function receiveStream<Response>(
  { connection, path, request }: StreamRequest,
  { onMessage }: StreamOptions<Response>,
  watchdog: Watchdog,
): Promise<void> {
  const body = writeEnvelope(toBytes(request))
  return new Promise<void>((resolve, reject) => {
    const receiver = new StreamReceiver({
      resolve,
      reject,
      onMessage: onMessage as (message: unknown) => void,
      onAlive: () => watchdog.feed(),
    })
    connection.request({ path, contentType: 'application/connect+json', body }, receiver)
  })
}

function toBytes(request: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(request))
}
