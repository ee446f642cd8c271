import { HeldInput } from '../held-input.ts'
import type { Transport } from '../session.ts'
import type { H1Limits } from './limits.ts'

/** What reads the input: a session. */
export interface InputSteps {
  /**
   * Uses some octets.
   * @returns where to go on; `at` when nothing can be done with them now, or not before more came
   */
  step(bytes: Uint8Array, at: number, end: number): number
}

/**
 * Keeps what cannot be used yet, and stops reading while the body is paused or too much is kept. Steps never run inside each
 * other: what a step sets off is done by the loop that called it.
 */
export class InputGate {
  isBodyPaused = false
  readonly #steps: InputSteps
  readonly #transport: Transport
  readonly #maxHeldBytes: number
  #held: HeldInput | undefined
  #isRunning = false
  #isReadingPaused = false

  constructor(steps: InputSteps, transport: Transport, limits: H1Limits) {
    this.#steps = steps
    this.#transport = transport
    // A head that is not complete is held, too: it must have room, or its rest would never be read.
    this.#maxHeldBytes = Math.max(limits.maxHeldBytes, limits.maxHeadBytes, limits.maxTrailerBytes)
  }

  get held(): HeldInput | undefined {
    return this.#held
  }

  receive(bytes: Uint8Array): void {
    if (this.#held !== undefined) {
      this.#held.append(bytes, 0, bytes.length)
      this.advance()
      return
    }
    const at = this.#run(bytes, 0, bytes.length)
    if (at < bytes.length) this.#held = new HeldInput(bytes, at, bytes.length)
    this.#govern()
  }

  /**
   * Goes on with what is held.
   * @returns false when a step is under way, whose loop does so
   */
  advance(): boolean {
    if (this.#isRunning) return false
    const held = this.#held
    if (held !== undefined) {
      held.start = this.#run(held.bytes, held.start, held.end)
      if (held.size === 0) this.#held = undefined
    }
    this.#govern()
    return true
  }

  pauseBody(): void {
    this.isBodyPaused = true
    this.#govern()
  }

  /** Only lets the body go on; `advance` does. */
  unpauseBody(): void {
    this.isBodyPaused = false
  }

  #run(bytes: Uint8Array, start: number, end: number): number {
    let at = start
    this.#isRunning = true
    while (at < end) {
      const next = this.#steps.step(bytes, at, end)
      if (next === at) break
      at = next
    }
    this.#isRunning = false
    return at
  }

  #govern(): void {
    const mustPause = this.isBodyPaused || (this.#held !== undefined && this.#held.size > this.#maxHeldBytes)
    if (mustPause === this.#isReadingPaused) return
    this.#isReadingPaused = mustPause
    if (mustPause) this.#transport.pauseReading()
    else this.#transport.resumeReading()
  }
}
