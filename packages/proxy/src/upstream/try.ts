import type { Deadline, DeadlineOwner } from '../grpc/deadlines.ts'
import type { Attempt } from './attempt.ts'

/** Who hears that a try has taken too long. */
export interface TryOwner {
  tryTimedOut(one: Try): void
}

/** One try of a request that has a say in what follows: when it began, and when it is given up. */
export class Try implements DeadlineOwner {
  readonly attempt: Attempt
  /** Monotonic time, in µs. */
  readonly beganUs: number
  /** `undefined`: it has no time of its own. */
  deadline: Deadline | undefined
  /** That was begun after it, and is under way as well. */
  next: Try | undefined
  readonly #owner: TryOwner

  constructor(attempt: Attempt, beganUs: number, owner: TryOwner) {
    this.attempt = attempt
    this.beganUs = beganUs
    this.#owner = owner
  }

  deadlinePassed(): void {
    this.#owner.tryTimedOut(this)
  }
}
