import type { Clock, Timer } from '@heddle/base/clock'
import type { OnBug } from '../process/bug-log.ts'

/** Who ends when a deadline passes. */
export interface DeadlineOwner {
  deadlinePassed(): void
}

/** A deadline that counts. */
export interface Deadline {
  readonly dueUs: number
  /** Safe to call at any time, also after it has passed. */
  cancel(): void
}

/** How often deadlines that are far away are looked at. */
const LOOK_MS = 500
/** Nearer ones get a timer, which is exact to a ms. */
const NEAR_US = 2 * LOOK_MS * 1000

/**
 * Deadlines of calls, met to the ms. Most calls end long before their deadline comes near: for these it costs an entry in a
 * set, where a timer for each would cost the runtime three times that.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #onBug: OnBug
  readonly #far = new Set<PendingDeadline>()
  #looking: Timer | undefined

  constructor(clock: Clock, onBug: OnBug) {
    this.#clock = clock
    this.#onBug = onBug
  }

  /** @param dueUs - monotonic time; `deadlinePassed` is never called before this returned */
  add(dueUs: number, owner: DeadlineOwner): Deadline {
    const deadline = new PendingDeadline(dueUs, owner, this)
    this.#place(deadline)
    return deadline
  }

  /** For {@link PendingDeadline} only. */
  remove(deadline: PendingDeadline): void {
    this.#far.delete(deadline)
  }

  #place(deadline: PendingDeadline): void {
    const leftUs = deadline.dueUs - this.#clock.monotonicUs()
    if (leftUs <= NEAR_US) {
      const leftMs = Math.max(0, Math.ceil(leftUs / 1000))
      deadline.timer = this.#clock.after(leftMs, () => this.#timerFired(deadline))
      return
    }
    this.#far.add(deadline)
    this.#lookLater()
  }

  #timerFired(deadline: PendingDeadline): void {
    // Timers of the runtimes count whole ms of a time that was read earlier, so that one may come a little early.
    if (deadline.dueUs > this.#clock.monotonicUs()) this.#place(deadline)
    else this.#pass(deadline.owner)
  }

  /** Owners fail their request themselves; where even that failed, the deadline of its connection is left. */
  #pass(owner: DeadlineOwner): void {
    try {
      owner.deadlinePassed()
    } catch (error) {
      this.#onBug('request', error)
    }
  }

  #lookLater(): void {
    if (this.#looking === undefined && this.#far.size > 0)
      this.#looking = this.#clock.after(LOOK_MS, () => this.#look())
  }

  #look(): void {
    this.#looking = undefined
    const nearUs = this.#clock.monotonicUs() + NEAR_US
    for (const deadline of this.#far) {
      if (deadline.dueUs > nearUs) continue
      this.#far.delete(deadline)
      this.#place(deadline)
    }
    this.#lookLater()
  }
}

class PendingDeadline implements Deadline {
  readonly dueUs: number
  readonly owner: DeadlineOwner
  timer: Timer | undefined
  readonly #deadlines: Deadlines

  constructor(dueUs: number, owner: DeadlineOwner, deadlines: Deadlines) {
    this.dueUs = dueUs
    this.owner = owner
    this.#deadlines = deadlines
  }

  cancel(): void {
    if (this.timer === undefined) this.#deadlines.remove(this)
    else this.timer.cancel()
  }
}
