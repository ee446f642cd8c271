import type { Clock } from './clock.ts'
import type { Log, LogFields } from './log.ts'

/** A line that others can cause as often as they like. */
export interface LimitedLine {
  readonly level: 'info' | 'warn' | 'error'
  readonly event: string
  /** Lines of one event are told apart by this; it is not written. */
  readonly kind: string
  readonly fields?: LogFields
}

const EVERY_MS = 10_000
/** Of so many kinds account is kept at once; those above share one. */
const MOST_KINDS = 64

interface Account {
  /** The last of those that were not written. */
  last: LimitedLine | undefined
  count: number
}

/**
 * Bounds lines that others cause: the first of each kind is written as it is. Those of the 10 s after it are only counted, and
 * told in one line at the end, which has the fields of the last and `times`; and so on until 10 s are quiet. Whoever knocks in a
 * loop is in the counters, not in a full disk.
 */
export class LogLimit {
  readonly #log: Log
  readonly #clock: Clock
  readonly #kinds = new Map<string, Account>()

  constructor(log: Log, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** Writes the line, now or as one of many. */
  write(line: LimitedLine): void {
    const name = this.#nameOf(line)
    const account = this.#kinds.get(name)
    if (account !== undefined) {
      account.last = line
      account.count += 1
      return
    }
    this.#log[line.level](line.event, line.fields)
    this.#await(name, { last: undefined, count: 0 })
  }

  #nameOf({ event, kind }: LimitedLine): string {
    const name = `${event}\n${kind}`
    return this.#kinds.size < MOST_KINDS || this.#kinds.has(name) ? name : event
  }

  #await(name: string, account: Account): void {
    this.#kinds.set(name, account)
    this.#clock.after(EVERY_MS, () => {
      this.#kinds.delete(name)
      const { last, count } = account
      if (last === undefined) return
      const fields = { ...last.fields, times: count, withinSeconds: EVERY_MS / 1000 }
      this.#log[last.level](last.event, fields)
      this.#await(name, { last: undefined, count: 0 })
    })
  }
}
