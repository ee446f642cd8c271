import type { Timer } from '@heddle/base/clock'
import type { HttpVersion } from '../exchange/http-version.ts'
import { afterAwake } from '../net/awake-timer.ts'
import type { ByteSocket } from '../platform/byte-socket.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { AppProtocol } from '../workload.ts'
import type { Accepted } from './accepted.ts'
import { type Detected, detectProtocol } from './detect.ts'
import type { Stage } from './stage.ts'

/** `silent`: the client waits for the server to speak first. */
export type DetectResult = Detected | { readonly kind: 'silent' }

/** Whether what is declared can be understood. */
export function isHttp(declared: AppProtocol): declared is HttpVersion {
  return declared === 'http1' || declared === 'http2'
}

/** What a client of HTTP speaks, as its first bytes tell; where they do not, what is declared of the server. */
export function versionOf({ kind }: DetectResult, declared: HttpVersion): HttpVersion {
  return kind === 'http1' || kind === 'http2' ? kind : declared
}

/** `detectMs`: it may wait for the server; else it will speak, a handshake or a request that may be far away. */
export type DetectLimit = 'detectMs' | 'handshakeMs' | 'keepAliveMs'

export interface DetectOptions {
  readonly core: ProxyCore
  readonly accepted: Accepted
  /** How long to wait for the client to speak: what bounds whatever it may be about to do. */
  readonly limit: DetectLimit
}

/** Waits from 1 s on have the precision of the ticker and cost no timer. */
const COARSE_MS = 1000
const NOTHING = new Uint8Array(0)
const SILENT: DetectResult = { kind: 'silent' }
const OPAQUE: DetectResult = { kind: 'opaque' }

/** Looks at the first bytes of a connection until they tell the protocol, or enough time has passed. */
export class DetectStage implements Stage {
  readonly protocol = 'detecting'
  readonly openRequests = 0
  readonly writtenBytes = 0
  readonly #socket: ByteSocket
  readonly #options: DetectOptions
  readonly #done: (result: DetectResult, bytes: Uint8Array) => void
  #bytes: Uint8Array = NOTHING
  #timer: Timer | undefined
  /** Whether what began has to be complete sooner than the client had to begin. */
  #isHurried = false
  #isOver = false

  /** @param done - called at most once, with the socket paused; never when the client goes away before */
  constructor(socket: ByteSocket, options: DetectOptions, done: (result: DetectResult, bytes: Uint8Array) => void) {
    this.#socket = socket
    this.#options = options
    this.#done = done
    const { accepted, core, limit } = options
    const waitMs = core.limits[limit]
    if (waitMs >= COARSE_MS) accepted.expectWithin(waitMs)
    else this.#timer = afterAwake(core.clock, waitMs, () => this.#giveUp())
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onClose)
    socket.resume()
  }

  get readBytes(): number {
    return this.#bytes.length
  }

  deadlinePassed(): void {
    this.#giveUp()
  }

  drain(): void {
    // Opened early by a client that is known to speak first, and silent: as good as idle. Else a request may be on its way,
    // and the next stage is told to drain as well.
    if (this.#bytes.length === 0 && this.#timer === undefined) this.destroy()
  }

  destroy(): void {
    this.#stop()
    this.#socket.destroy()
  }

  readonly #onData = (bytes: Uint8Array): void => {
    // It has begun, so it has no longer all the time of a connection that was only opened early.
    if (this.#bytes.length === 0 && this.#timer === undefined) this.#hurry()
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes])
    const detected = detectProtocol(this.#bytes)
    if (detected.kind !== 'unknown') {
      this.#finish(detected)
      return
    }
    const { core } = this.#options
    if (this.#bytes.length < core.limits.detectBytes) return
    core.limitReached('detectBytes')
    this.#finish(OPAQUE)
  }

  readonly #onEnd = (): void => {
    this.#finish(OPAQUE)
  }

  readonly #onClose = (): void => {
    this.#stop()
  }

  #hurry(): void {
    const { accepted, core, limit } = this.#options
    const { requestHeadMs } = core.limits
    if (requestHeadMs < core.limits[limit]) this.#isHurried = true
    accepted.expectWithin(Math.min(core.limits[limit], requestHeadMs))
  }

  #giveUp(): void {
    const { core, limit } = this.#options
    if (this.#isHurried) core.limitReached('requestHeadMs')
    // Nobody waits for what comes after that one, so it counts nowhere.
    else if (limit !== 'keepAliveMs') core.limitReached(limit)
    this.#finish(this.#bytes.length === 0 ? SILENT : OPAQUE)
  }

  #finish(result: DetectResult): void {
    if (this.#isOver) return
    this.#stop()
    this.#socket.pause()
    this.#options.accepted.guard(() => this.#done(result, this.#bytes))
  }

  #stop(): void {
    this.#isOver = true
    this.#timer?.cancel()
    this.#socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose)
  }
}
