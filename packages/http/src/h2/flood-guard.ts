import type { H2Limits } from './limits.ts'

/** What a peer may do for nothing only so often; also the word of the fault. */
export type Flood =
  | 'rapid_reset'
  | 'settings_flood'
  | 'ping_flood'
  | 'empty_frame_flood'
  | 'priority_flood'
  | 'window_update_flood'
  | 'unread_replies'

/** A peer may answer each DATA frame by one WINDOW_UPDATE for the stream and one for the connection. */
const UPDATES_OF_DATA = 2
/** A window that grows by less each time makes us send crumbs. */
const CUT_BYTES_OF_UPDATE = 256

/** How often a peer has done what costs it nothing, less what it did of use. */
class Allowance {
  #used = 0
  #atMs = 0
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  /** @returns false when it was too often */
  take({ nowMs, returnedPerSecond }: H2Limits): boolean {
    if (nowMs !== undefined && this.#used > 0) {
      const now = nowMs()
      this.#used = Math.max(0, this.#used - ((now - this.#atMs) * returnedPerSecond) / 1000)
      this.#atMs = now
    } else if (nowMs !== undefined) {
      this.#atMs = nowMs()
    }
    this.#used += 1
    return this.#used <= this.#max
  }

  giveBack(count: number): void {
    this.#used = Math.max(0, this.#used - count)
  }
}

/** Counts of one connection; those of well-behaved peers are never made. */
export class FloodGuard {
  readonly #limits: H2Limits
  readonly #allowances = new Map<Flood, Allowance>()

  constructor(limits: H2Limits) {
    this.#limits = limits
  }

  /** @returns false when the peer has done it too often */
  allows(flood: Flood): boolean {
    let allowance = this.#allowances.get(flood)
    if (allowance === undefined) {
      allowance = new Allowance(maxOf(flood, this.#limits))
      this.#allowances.set(flood, allowance)
    }
    return allowance.take(this.#limits)
  }

  /** DATA with octets came. */
  dataReceived(): void {
    if (this.#allowances.size === 0) return
    this.giveBack('empty_frame_flood', 1)
    this.giveBack('ping_flood', 1)
  }

  /**
   * DATA was sent.
   * @param isCut - it was smaller than it would have been with more window
   */
  dataSent(bytes: number, isCut: boolean): void {
    if (this.#allowances.size === 0) return
    this.giveBack('ping_flood', 1)
    this.giveBack('window_update_flood', isCut ? bytes / CUT_BYTES_OF_UPDATE : UPDATES_OF_DATA)
  }

  /** Something of use was done. */
  giveBack(flood: Flood, count: number): void {
    this.#allowances.get(flood)?.giveBack(count)
  }
}

function maxOf(flood: Flood, limits: H2Limits): number {
  switch (flood) {
    case 'rapid_reset':
      return limits.maxResets
    case 'settings_flood':
      return limits.maxSettings
    case 'ping_flood':
      return limits.maxPings
    case 'empty_frame_flood':
      return limits.maxEmptyFrames
    case 'priority_flood':
      return limits.maxPriorities
    case 'window_update_flood':
      return limits.maxWindowUpdates
    case 'unread_replies':
      return limits.maxUnreadReplies
  }
}
