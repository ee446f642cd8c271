import type { Clock, Timer } from '@heddle/base/clock'

interface Pending {
  readonly dueMs: number
  readonly fire: () => void
}

/** A clock that stands still until the test turns it. */
export class ManualClock implements Clock {
  #nowMs: number
  #wallAheadMs = 0
  readonly #pending = new Set<Pending>()

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs + this.#wallAheadMs
  }

  monotonicUs(): number {
    return this.#nowMs * 1000
  }

  after(delayMs: number, fire: () => void): Timer {
    const pending = { dueMs: this.#nowMs + delayMs, fire }
    this.#pending.add(pending)
    return { cancel: () => void this.#pending.delete(pending) }
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve()
      const timer = this.after(delayMs, resolve)
      const stop = () => {
        timer.cancel()
        resolve()
      }
      signal?.addEventListener('abort', stop, { once: true })
    })
  }

  /** Sets the wall clock, as a person or NTP does: no time passes, and no timer notices. */
  setWall(byMs: number): void {
    this.#wallAheadMs += byMs
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#pending.size
  }

  /** Turns the clock; timers fire in the order they are due, those set by others as well. */
  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      this.#pending.delete(next)
      next.fire()
    }
    this.#nowMs = endMs
  }

  /** Turns the clock, letting promises settle between timers. */
  async advanceAsync(byMs: number): Promise<void> {
    const endMs = this.#nowMs + byMs
    await settle()
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      this.#pending.delete(next)
      next.fire()
      await settle()
    }
    this.#nowMs = endMs
  }

  #next(endMs: number): Pending | undefined {
    let first: Pending | undefined
    for (const pending of this.#pending) {
      if (pending.dueMs <= endMs && (first === undefined || pending.dueMs < first.dueMs)) first = pending
    }
    return first
  }
}

/** Lets everything that waits on promises, not on timers or sockets, go on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}
