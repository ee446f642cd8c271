import type { Output } from '../output.ts'
import { DEFAULT_WINDOW_BYTES } from './frame-types.ts'
import type { H2Stream } from './stream.ts'

/**
 * Who may send next: streams that had to queue octets come one after the other, a frame each, as the connection's window and
 * the transport allow. A stream whose own window is used up is not among them.
 */
export class SendOrder {
  /** What may be sent on the connection. RFC 9113 §6.9. */
  window = DEFAULT_WINDOW_BYTES
  readonly #output: Output
  #first: H2Stream | undefined
  #last: H2Stream | undefined
  #isRunning = false

  constructor(output: Output) {
    this.#output = output
  }

  /** Whether octets have to wait: nothing may be sent, or others wait already. */
  get mustWait(): boolean {
    return this.#first !== undefined || this.isBlocked
  }

  get isBlocked(): boolean {
    return this.window <= 0 || this.#output.isBlocked
  }

  add(stream: H2Stream): void {
    if (stream.isWaiting) return
    stream.isWaiting = true
    if (this.#last === undefined) this.#first = stream
    else this.#last.nextWaiting = stream
    this.#last = stream
  }

  /** Lets streams send until nothing more may be sent. */
  run(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    while (this.#first !== undefined && !this.isBlocked) {
      const stream = this.#first
      this.#first = stream.nextWaiting
      if (this.#first === undefined) this.#last = undefined
      stream.nextWaiting = undefined
      stream.isWaiting = false
      stream.sendQueued()
    }
    this.#isRunning = false
  }
}
