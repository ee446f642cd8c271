import type { ProxyErrorCode } from '@heddle/api/proxy-errors'
import type { Stage } from '../accept/stage.ts'
import type { ProxyError } from '../errors/proxy-error.ts'
import type { AccessLog } from '../listener-config.ts'
import type { SocketPair } from '../net/http-socket.ts'
import { resetSocket } from '../platform/reset.ts'
import type { Target } from '../upstream/target.ts'
import type { SeriesKey, TrafficSeries } from '../workload.ts'
import { Copy, type CopyOwner } from './copy.ts'
import { type DialOptions, type DialOwner, EndpointDial } from './endpoint-dial.ts'
import { awaitFirstWord } from './first-word.ts'

export interface TunnelOptions extends DialOptions {
  readonly protocol: Exclude<SeriesKey['protocol'], 'http1'>
  readonly accessLog: AccessLog
  /** What the client sent while its protocol was being told. */
  readonly firstBytes: Uint8Array
  /** Called when the server speaks before the client does. */
  readonly serverSpokeFirst?: () => void
  /**
   * Called when the client, silent so far, speaks before the server does after all. The tunnel is over then, and what the
   * client said is in its socket.
   */
  readonly clientSpokeFirst?: () => void
}

/** An accepted connection whose octets are copied to one endpoint and back, unread. */
export class Tunnel implements Stage, CopyOwner, DialOwner {
  readonly protocol: string
  readonly openRequests = 0
  readBytes = 0
  writtenBytes = 0
  readonly #left: SocketPair
  readonly #options: TunnelOptions
  /** Until an endpoint is reached. */
  #dial: EndpointDial | undefined
  #target: Target | undefined
  #series: TrafficSeries | undefined
  #copy: Copy | undefined
  #isHalfClosed = false
  #isOver = false
  #expired: ProxyErrorCode | undefined

  /** @param left - paused */
  constructor(left: SocketPair, options: TunnelOptions) {
    this.#left = left
    this.#options = options
    this.protocol = options.protocol
    left.socket.on('close', this.#onLeftClosed)
    left.socket.on('error', ignore)
    this.#dial = new EndpointDial(options, this)
    this.#dial.start()
  }

  moved(from: 'left' | 'right', bytes: number): void {
    const { accepted, core, hop } = this.#options
    if (from === 'left') this.readBytes += bytes
    else this.writtenBytes += bytes
    if (from === 'right' && this.readBytes === 0) this.#options.serverSpokeFirst?.()
    const isFromPeer = (from === 'left') === (hop.direction === 'inbound')
    if (isFromPeer) this.#series?.addReadBytes(bytes)
    else this.#series?.addWrittenBytes(bytes)
    accepted.expectWithin(this.#isHalfClosed ? core.limits.halfClosedMs : core.limits.opaqueIdleMs)
  }

  failed(bug: unknown): void {
    const { accepted, core } = this.#options
    core.turn.onBug('connection', bug)
    accepted.abandon()
  }

  halfClosed(): void {
    this.#isHalfClosed = true
    this.#options.accepted.expectWithin(this.#options.core.limits.halfClosedMs)
  }

  ended(brokenBy: 'left' | 'right' | undefined): void {
    if (this.#target !== undefined) this.#target.endpoint.load.inFlight -= 1
    const broken = brokenBy === undefined ? undefined : this.#codeOf(brokenBy)
    this.#close(this.#expired ?? broken)
  }

  deadlinePassed(): void {
    const { core } = this.#options
    core.limitReached(this.#isHalfClosed ? 'halfClosedMs' : 'opaqueIdleMs')
    this.#expired = 'idle_timeout'
    this.destroy()
  }

  drain(): void {
    // Nobody can tell where an opaque stream may be cut; it goes on until the drain's own deadline.
  }

  destroy(): void {
    if (this.#copy !== undefined) this.#copy.destroy()
    else resetSocket(this.#left.socket, this.#left.raw)
  }

  reached(target: Target, right: SocketPair): void {
    const { clientSpokeFirst } = this.#options
    this.#target = target
    this.#left.socket.off('close', this.#onLeftClosed)
    if (clientSpokeFirst === undefined) {
      this.#copyBetween(right)
      return
    }
    const { accepted, core } = this.#options
    accepted.expectWithin(core.limits.opaqueIdleMs)
    awaitFirstWord(this.#left.socket, right.socket, (speaker) => {
      const isGoingOn = accepted.guard(() => {
        if (speaker === 'left') this.#giveBack(right, clientSpokeFirst)
        else this.#copyBetween(right)
      })
      if (!isGoingOn) right.socket.destroy()
    })
  }

  #giveBack({ socket }: SocketPair, clientSpokeFirst: () => void): void {
    this.#isOver = true
    this.#target!.endpoint.load.inFlight -= 1
    socket.on('error', ignore)
    socket.destroy()
    // Not before the octets are back in the socket.
    queueMicrotask(() => this.#options.accepted.guard(clientSpokeFirst))
  }

  #copyBetween(right: SocketPair): void {
    const { core, accepted, firstBytes, hop, protocol } = this.#options
    // The socket forgets it when it is closed.
    if (this.#options.accessLog === 'all') accepted.rememberClient()
    this.#series = hop.seriesOf(this.#dial?.state, this.#target, protocol)
    this.#dial = undefined
    this.#series.connectionOpened()
    accepted.expectWithin(core.limits.opaqueIdleMs)
    this.#copy = new Copy(this.#left, right, this)
    if (firstBytes.length > 0) this.#copy.feed(firstBytes)
  }

  /** Fails before any octet was copied. */
  notReached(error: ProxyError): void {
    const { hop, protocol } = this.#options
    this.#series = hop.seriesOf(this.#dial?.state, this.#dial?.target, protocol)
    this.#series.connectionOpened()
    this.#logFailure(error)
    this.#left.socket.off('close', this.#onLeftClosed)
    resetSocket(this.#left.socket, this.#left.raw)
    this.#close(error.code)
  }

  #logFailure({ code, message: detail, spec }: ProxyError): void {
    const { accepted, accessLog, core, hop } = this.#options
    if (accessLog === 'off') return
    const fields = { client: accepted.client, destination: hop.name, error: code, detail, hint: spec.hint }
    core.refusals.write({ level: 'warn', event: 'connection failed', kind: `${code} ${hop.name}`, fields })
  }

  /** One that was copied, and has ended. */
  #logEnd(target: Target, error: ProxyErrorCode | undefined): void {
    const { accepted, accessLog, core, hop, protocol } = this.#options
    if (accessLog !== 'all') return
    core.log.info('connection', {
      direction: hop.direction,
      destination: hop.name,
      peer: hop.peerIdentity,
      client: accepted.client,
      endpoint: target.id || target.endpoint.name,
      protocol,
      error,
      durationUs: Math.round(core.clock.monotonicUs() - accepted.openedUs),
      readBytes: this.readBytes,
      writtenBytes: this.writtenBytes,
    })
  }

  readonly #onLeftClosed = (): void => {
    this.#dial?.cancel()
    this.#close('client_reset')
  }

  #close(code: ProxyErrorCode | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#series?.connectionClosed(code)
    if (code !== undefined) this.#options.core.failed(code)
    if (this.#copy !== undefined) this.#logEnd(this.#target!, code)
  }

  #codeOf(brokenBy: 'left' | 'right'): ProxyErrorCode {
    return brokenBy === 'left' ? 'client_reset' : 'upstream_reset'
  }
}

function ignore(): void {
  // 'close' follows.
}
