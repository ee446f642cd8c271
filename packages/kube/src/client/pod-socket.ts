import type { IncomingMessage } from 'node:http'
import type { Clock } from '@heddle/base/clock'
import { WebSocket } from 'ws'
import { parseStatusText } from './api-status.ts'
import { KubeError, KubeTransportError } from './client.ts'
import { startDeadline } from './deadline.ts'
import { readAnswer } from './exchange.ts'
import type { ClusterAccess } from './kubeconfig.ts'
import type { PortForwardTarget } from './port-forward.ts'

/** Bytes to and from one port of a pod. */
export interface PodSocket {
  readonly isOpen: boolean
  /** Hands over what came already, and what comes. To be called once. */
  attach(receiver: PodReceiver): void
  /** `false`: more should wait for {@link PodReceiver.onDrained}. */
  write(bytes: Uint8Array): boolean
  pause(): void
  resume(): void
  close(): void
}

/** Is told what the pod's side does. */
export interface PodReceiver {
  onBytes(bytes: Uint8Array): void
  onDrained(): void
  /** Told once; the error is what the pod's side said. */
  onClosed(error: Error | undefined): void
}

/** The only protocol for ports that needs no SPDY inside; kubelets and container runtimes have spoken it since 1.10. */
const PROTOCOL = 'v4.channel.k8s.io'
/** Each port has two channels, numbered from 0: its bytes, and one text that says why it failed. */
const CHANNEL = { bytes: 0, failure: 1 }
/** Each channel begins with the port's number, in two bytes. */
const PORT_BYTES = 2
const OPEN_MS = 30_000
/** Load balancers before API servers drop connections that are silent for a minute or more. */
const PING_MS = 30_000
const MOST_WAITING_BYTES = 1024 * 1024
const MOST_FRAME_BYTES = 16 * 1024 * 1024

/** Opens a WebSocket that ends in a pod's port. */
export async function openPodSocket(
  access: ClusterAccess,
  target: PortForwardTarget,
  clock: Clock,
): Promise<PodSocket> {
  const { namespace, pod, port } = target
  const { headers, agent } = await access.credentials()
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/portforward`
  const socket = new WebSocket(`${access.server.replace(/^http/, 'ws')}${path}?ports=${port}`, PROTOCOL, {
    agent,
    headers: headers as Record<string, string>,
    maxPayload: MOST_FRAME_BYTES,
    perMessageDeflate: false,
  })
  const opened = new ChannelSocket(socket, clock)
  await whenOpen(socket, clock)
  return opened
}

function whenOpen(socket: WebSocket, clock: Clock): Promise<void> {
  const deadline = startDeadline(clock, OPEN_MS)
  const opening = new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      void toRefusal(response, deadline.signal).then(reject)
    })
    socket.on('error', (error) => reject(new KubeTransportError('connection', error.message, error)))
    deadline.signal.addEventListener('abort', () => {
      reject(new KubeTransportError('deadline', `no answer within ${OPEN_MS} ms`))
      socket.terminate()
    })
  })
  return opening.finally(() => deadline.end())
}

async function toRefusal(response: IncomingMessage, signal: AbortSignal): Promise<Error> {
  const outcome = await readAnswer(response, 1024 * 1024, signal)
  if (outcome.kind === 'failure') return new KubeTransportError(outcome.reason, outcome.message, outcome.cause)
  return new KubeError(parseStatusText(outcome.body, outcome.status))
}

class ChannelSocket implements PodSocket {
  readonly #socket: WebSocket
  readonly #clock: Clock
  readonly #skip = [PORT_BYTES, PORT_BYTES]
  #failure = ''
  #receiver: PodReceiver | undefined
  #ping = { cancel() {} }
  #isAnswered = true
  /** What came before anybody was there to take it; the pod's server may speak first. */
  #early: Uint8Array[] = []

  constructor(socket: WebSocket, clock: Clock) {
    this.#socket = socket
    this.#clock = clock
    socket.on('message', (frame: Buffer) => this.#take(frame))
    socket.on('pong', () => {
      this.#isAnswered = true
    })
    socket.on('open', () => this.#pingLater())
    socket.on('close', () => this.#end())
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN && this.#failure === ''
  }

  attach(receiver: PodReceiver): void {
    this.#receiver = receiver
    for (const bytes of this.#early.splice(0)) receiver.onBytes(bytes)
    if (this.#socket.readyState === WebSocket.CLOSED) this.#end()
  }

  write(bytes: Uint8Array): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN) return true
    const frame = Buffer.allocUnsafe(bytes.length + 1)
    frame[0] = CHANNEL.bytes
    frame.set(bytes, 1)
    this.#socket.send(frame, () => {
      if (this.#socket.bufferedAmount < MOST_WAITING_BYTES) this.#receiver?.onDrained()
    })
    return this.#socket.bufferedAmount < MOST_WAITING_BYTES
  }

  pause(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(): void {
    if (this.#socket.readyState === WebSocket.CLOSED) return
    this.#socket.close()
    // The pod's side has a moment to answer; `ws` itself would wait for half a minute.
    this.#clock.after(1000, () => this.#socket.terminate())
  }

  #take(frame: Buffer): void {
    const channel = frame[0]
    if (channel !== CHANNEL.bytes && channel !== CHANNEL.failure) return
    const skipped = Math.min(this.#skip[channel]!, frame.length - 1)
    this.#skip[channel]! -= skipped
    const payload = frame.subarray(1 + skipped)
    if (payload.length === 0) return
    if (channel === CHANNEL.failure) this.#failure = (this.#failure + payload.toString()).slice(0, 1000)
    else if (this.#receiver === undefined) this.#hold(payload)
    else this.#receiver.onBytes(payload)
  }

  #hold(payload: Uint8Array): void {
    this.#early.push(payload)
    this.#socket.pause()
  }

  #pingLater(): void {
    this.#ping = this.#clock.after(PING_MS, () => {
      if (!this.#isAnswered) return this.#socket.terminate()
      this.#isAnswered = false
      this.#socket.ping()
      this.#pingLater()
    })
  }

  #end(): void {
    this.#ping.cancel()
    const receiver = this.#receiver
    this.#receiver = undefined
    receiver?.onClosed(this.#failure === '' ? undefined : new Error(this.#failure.trim()))
  }
}
