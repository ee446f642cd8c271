import { Backoff, type BackoffOptions } from '@heddle/base/backoff'
import type { Clock, Timer } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'

/** What is done with keys, and how fast. */
export interface WorkQueueOptions {
  /** For log lines. */
  readonly name: string
  readonly clock: Clock
  readonly log: Log
  /** Keys that are worked on at once; 1 by default. One key is never worked on twice at once. */
  readonly concurrency?: number
  /** Waits after failures of one key; 500 ms doubling to 1 min by default. */
  readonly retry?: BackoffOptions
  /** Does the work for one key; a failure is tried again. A number asks to be called again after so many ms. */
  work(key: string, signal: AbortSignal): Promise<number | undefined>
}

/** Keys that wait for work, each at most once. */
export interface WorkQueue {
  /** A key that is worked on at present is worked on once more afterwards. */
  add(key: string): void
  /** The earliest of several counts; an {@link add} comes before it. */
  addAfter(key: string, delayMs: number): void
  /** Keys that wait or are worked on; those that wait for a time are not counted. */
  readonly depth: number
  readonly counters: { readonly done: number; readonly failed: number }
  /** Resolves when nothing waits (but for a time) and nothing is worked on. */
  whenIdle(): Promise<void>
  /** Takes no more keys, aborts the work at hand and waits for its end. */
  close(): Promise<void>
}

/** A queue of keys with one worker function, as client-go's: deduplicated, with growing waits for keys that fail. */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  return new KeyQueue(options)
}

const RETRY = { firstMs: 500, lastMs: 60_000, jitter: 0.5 }

interface Delayed {
  readonly dueUs: number
  readonly timer: Timer
}

class KeyQueue implements WorkQueue {
  readonly #options: WorkQueueOptions
  readonly #counters = { done: 0, failed: 0 }
  readonly #waiting = new Set<string>()
  readonly #working = new Set<string>()
  readonly #delayed = new Map<string, Delayed>()
  readonly #failures = new Map<string, Backoff>()
  readonly #ending = new AbortController()
  #idle: (() => void)[] = []
  #isStarting = false

  constructor(options: WorkQueueOptions) {
    this.#options = options
  }

  get depth(): number {
    return this.#waiting.size + this.#working.size
  }

  get counters() {
    return this.#counters
  }

  add(key: string): void {
    if (this.#ending.signal.aborted) return
    this.#delayed.get(key)?.timer.cancel()
    this.#delayed.delete(key)
    this.#waiting.add(key)
    this.#startSoon()
  }

  addAfter(key: string, delayMs: number): void {
    const { clock } = this.#options
    const dueUs = clock.monotonicUs() + delayMs * 1000
    const before = this.#delayed.get(key)
    if (this.#ending.signal.aborted || this.#waiting.has(key) || (before !== undefined && before.dueUs <= dueUs)) return
    before?.timer.cancel()
    this.#delayed.set(key, { dueUs, timer: clock.after(delayMs, () => this.add(key)) })
  }

  whenIdle(): Promise<void> {
    return this.depth === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve))
  }

  close(): Promise<void> {
    this.#ending.abort()
    this.#waiting.clear()
    for (const { timer } of this.#delayed.values()) timer.cancel()
    this.#delayed.clear()
    return this.whenIdle()
  }

  /** Not in the caller's stack: it may be in the middle of telling several changes of one key, which are one piece of work. */
  #startSoon(): void {
    if (this.#isStarting) return
    this.#isStarting = true
    queueMicrotask(() => {
      this.#isStarting = false
      this.#startNext()
    })
  }

  #startNext(): void {
    for (const key of this.#waiting) {
      if (this.#working.size >= (this.#options.concurrency ?? 1)) return
      if (this.#working.has(key)) continue
      this.#waiting.delete(key)
      this.#working.add(key)
      void this.#workOn(key)
    }
  }

  async #workOn(key: string): Promise<void> {
    try {
      const againMs = await this.#options.work(key, this.#ending.signal)
      this.#counters.done += 1
      this.#failures.delete(key)
      if (againMs !== undefined) this.addAfter(key, againMs)
    } catch (error) {
      if (!this.#ending.signal.aborted) this.#retry(key, error)
    }
    this.#working.delete(key)
    this.#startNext()
    if (this.depth === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  #retry(key: string, error: unknown): void {
    const { name, log, retry = RETRY } = this.#options
    this.#counters.failed += 1
    const backoff = this.#failures.get(key) ?? new Backoff(retry)
    this.#failures.set(key, backoff)
    const retryMs = Math.round(backoff.nextMs())
    log.warn('work failed', { queue: name, key, failures: backoff.failures, retryMs, error })
    this.addAfter(key, retryMs)
  }
}
