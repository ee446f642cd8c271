import type { Fields } from '@heddle/http/fields'
import type { RequestHead } from '@heddle/http/message'
import type { BodyReceiver, ServerStream, StreamReset } from '@heddle/http/session'
import type { ProxyCore } from '../proxy-core.ts'
import type { BodyCopy, RoutedRequest } from '../routing/routed-request.ts'
import type { Attempt } from '../upstream/attempt.ts'
import type { Tries } from '../upstream/tries.ts'
import { RequestBody } from './request-body.ts'

/** The request's half of an exchange: what comes of its body goes to the attempt under way, or waits until there is one. */
export abstract class RequestHalf implements BodyReceiver {
  readonly head: RequestHead
  /** Where the answer goes; a route may put something in between. */
  stream: ServerStream
  /** What goes on beside it, as its route wants. */
  routed: RoutedRequest | undefined
  /** Decides about its tries; `undefined` where neither route nor destination say how to treat it. */
  tries: Tries | undefined
  requestBytes = 0
  /** That was begun last; `undefined`: nobody gets the body for now. */
  protected attempt: Attempt | undefined
  #isRequestOver = false
  #trailers: Fields | undefined
  /** What is in memory of the request's body; `undefined`: nothing ever was. */
  #body: RequestBody | undefined

  constructor(stream: ServerStream, head: RequestHead) {
    this.stream = stream
    this.head = head
  }

  abstract readonly core: ProxyCore
  /** Whether an answer has begun, so that no other one can be given. */
  abstract readonly isAnswered: boolean
  /** Octets went either way; the time in which more must come begins anew. */
  abstract touch(): void
  /** What was to be done for it threw: it fails. Others may have their requests on the same connection. */
  abstract failWith(error: unknown): void
  abstract onAbort(reset: StreamReset): void
  abstract onWritable(): void

  get isRequestOver(): boolean {
    return this.#isRequestOver
  }

  /** Whether the request is under way to an endpoint. */
  get isSending(): boolean {
    return this.attempt?.isSending === true
  }

  /** From now on `attempt` gets the body. */
  use(attempt: Attempt): void {
    this.attempt = attempt
  }

  /** Nobody gets the body for now. */
  detach(): void {
    this.attempt = undefined
  }

  /** The attempt is ready for the body: what was held back goes to it. */
  release(attempt: Attempt): void {
    const held = this.#body?.takeHeld()
    if (held !== undefined) {
      if (this.#mayNeedBodyAgain(attempt)) this.#body!.keep(held, 0, held.length)
      attempt.sendData(held)
    }
    if (this.#isRequestOver && this.head.bodyLength !== 0) attempt.sendEnd(this.#trailers)
    if (held !== undefined) this.stream.resumeBody()
  }

  onData(bytes: Uint8Array, start: number, end: number): void {
    try {
      this.#takeData(bytes, start, end)
    } catch (error) {
      this.failWith(error)
    }
  }

  #takeData(bytes: Uint8Array, start: number, end: number): void {
    this.requestBytes += end - start
    this.routed?.sawData(bytes, start, end)
    const { attempt } = this
    if (attempt?.isSending === true) {
      this.touch()
      if (this.#mayNeedBodyAgain(attempt) && !this.isAnswered) this.#bodyInMemory().keep(bytes, start, end)
      if (!attempt.sendData(bytes, start, end)) this.stream.pauseBody()
      return
    }
    this.#bodyInMemory().hold(bytes, start, end)
    this.stream.pauseBody()
  }

  onEnd(trailers: Fields | undefined): void {
    try {
      this.#takeEnd(trailers)
    } catch (error) {
      this.failWith(error)
    }
  }

  #takeEnd(trailers: Fields | undefined): void {
    this.#isRequestOver = true
    this.#trailers = trailers
    this.routed?.sawEnd(trailers)
    const { attempt } = this
    if (attempt?.isSending !== true) return
    attempt.sendEnd(trailers)
    if (!this.isAnswered) this.touch()
  }

  /** Gives `copy` the body that came before it was there. */
  replayHeld(copy: BodyCopy): void {
    this.#body?.replayHeld((bytes) => copy.data(bytes, 0, bytes.length))
    if (this.#isRequestOver) copy.end(this.#trailers)
  }

  /** Gives `attempt`, which is one beside another, all of the request's body. */
  replay(attempt: Attempt): void {
    if (this.head.bodyLength === 0) return
    this.#body?.replay((bytes) => attempt.sendData(bytes))
    attempt.sendEnd(this.#trailers)
  }

  /** Whether {@link rewind} can do what it says. */
  get mayRewind(): boolean {
    return this.#body?.mayRewind !== false
  }

  /** Goes back to the begin of the request's body. @returns false when that is not there any more */
  rewind(): boolean {
    return this.#body?.rewind() !== false
  }

  /** The answer has begun: the body will not be sent again. */
  protected forgetKept(): void {
    this.#body?.forgetKept()
  }

  /** Whether what `attempt` gets may have to be sent once more. */
  #mayNeedBodyAgain(attempt: Attempt): boolean {
    return attempt.mayBeRefused || this.tries?.keepsBody === true
  }

  #bodyInMemory(): RequestBody {
    this.#body ??= new RequestBody(this.core.limits.replayBytes)
    return this.#body
  }
}
