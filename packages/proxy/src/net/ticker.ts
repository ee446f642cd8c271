import { type Clock, monotonicMs, type Timer } from '@heddle/base/clock'
import type { OnBug } from '../process/bug-log.ts'
import { Roster } from './roster.ts'

/** How often deadlines are looked at. */
const TICK_MS = 1000

/** Something with a deadline that moves often, such as a connection. */
export interface Watched {
  /** Ticker time at which `deadlinePassed` is due; `Infinity`: never. Compute it with {@link Ticker.in}. */
  deadlineMs: number
  /** The ticker's own; -1 at first. */
  watchedAt: number
  deadlinePassed(): void
  /** Ends at once, as `deadlinePassed` threw and nothing would come after it. */
  abandon(): void
}

/**
 * One timer for the deadlines of all connections. Moving a deadline is writing a number, where a timer per request would
 * cost more than the rest of its bookkeeping. Looking at 10,000 connections once a second takes about 50 µs.
 */
export class Ticker {
  readonly #clock: Clock
  readonly #onBug: OnBug
  readonly #watched = new Roster<'watchedAt', Watched>('watchedAt')
  readonly #tasks: Array<() => boolean> = []
  #timer: Timer | undefined
  #nowMs = 0

  constructor(clock: Clock, onBug: OnBug) {
    this.#clock = clock
    this.#onBug = onBug
    this.#nowMs = readMs(clock)
  }

  /** Number of things watched. */
  get size(): number {
    return this.#watched.size
  }

  /** The time that deadlines are compared with. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** A deadline that passes after at least `delayMs`, at most two ticks later. */
  in(delayMs: number): number {
    return this.#nowMs + delayMs + TICK_MS
  }

  watch(item: Watched): void {
    this.#start()
    this.#watched.add(item)
  }

  unwatch(item: Watched): void {
    this.#watched.delete(item)
  }

  /** Calls `task` at the next tick, and at each one while anything is watched or a task returned true: it has more to do. */
  onTick(task: () => boolean): void {
    this.#tasks.push(task)
    this.#start()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#watched.clear()
  }

  #start(): void {
    if (this.#timer !== undefined) return
    this.#nowMs = readMs(this.#clock)
    this.#timer = this.#clock.after(TICK_MS, this.#tick)
  }

  readonly #look = (item: Watched): void => {
    if (item.deadlineMs > this.#nowMs) return
    item.deadlineMs = Number.POSITIVE_INFINITY
    this.#pass(item)
  }

  readonly #tick = (): void => {
    this.#nowMs = readMs(this.#clock)
    this.#watched.forEach(this.#look)
    let hasMore = this.#watched.size > 0
    for (const task of this.#tasks) if (this.#run(task)) hasMore = true
    if (this.#timer !== undefined) this.#timer = hasMore ? this.#clock.after(TICK_MS, this.#tick) : undefined
  }

  /** What fails for one does not keep the others from being looked at, now and later. */
  #pass(item: Watched): void {
    try {
      item.deadlinePassed()
    } catch (error) {
      this.#onBug('connection', error)
      this.#abandon(item)
    }
  }

  #abandon(item: Watched): void {
    try {
      item.abandon()
    } catch (error) {
      this.#onBug('connection', error)
    }
  }

  #run(task: () => boolean): boolean {
    try {
      return task()
    } catch (error) {
      this.#onBug('housekeeping', error)
      return false
    }
  }
}

/** Whole ms, so that deadlines are small integers and cost no allocation. */
function readMs(clock: Clock): number {
  return Math.floor(monotonicMs(clock))
}
