import { addTotals, createTotals, fromNumbers, type Totals, toNumbers, withoutGrpc } from './totals.ts'

/** One resolution: totals of `widthMs` each, the newest `slots` of them. */
export interface Level {
  readonly widthMs: number
  readonly slots: number
}

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS

/** The finest first. Each holds a little more than the window it is asked for, since its newest total is not full yet. */
export const LEVELS: readonly Level[] = [
  { widthMs: 5 * SECOND_MS, slots: 130 },
  { widthMs: MINUTE_MS, slots: 65 },
  { widthMs: 5 * MINUTE_MS, slots: 75 },
]

/** The longest window that can be asked for. */
export const LONGEST_WINDOW_MS = 6 * 60 * MINUTE_MS

/** The totals of one level, oldest first: slot, then what {@link toNumbers} makes of {@link Totals}. */
export type SavedCells = readonly (readonly number[])[]

/** Cells of a file from before there were totals of gRPC. */
export function upgradeCells(cells: SavedCells): SavedCells {
  return cells.map(([slot, ...numbers]) => [slot ?? Number.NaN, ...withoutGrpc(numbers)])
}

interface Cell {
  /** Time since the epoch in widths of the level. */
  readonly slot: number
  readonly totals: Totals
}

/**
 * What one series counted over time, in several resolutions. Every report goes into all of them, so the totals of a
 * window are the same in each, to its width. A time in which nothing was counted costs nothing.
 */
export class RollingTotals {
  readonly #cells: Cell[][] = LEVELS.map(() => [])
  #cellCount = 0

  /** How many totals are kept; those of many latencies count as several, so that it tells how much memory they take. */
  get cellCount(): number {
    return this.#cellCount
  }

  /** The same without the finest levels. */
  cellCountFrom(firstLevel: number): number {
    let count = 0
    for (const cell of this.#cells.slice(firstLevel).flat()) count += roomOf(cell)
    return count
  }

  /** Of each level, the finest first, what {@link restore} takes. */
  save(): SavedCells[] {
    return this.#cells.map((cells) => cells.map(({ slot, totals }) => [slot, ...toNumbers(totals)]))
  }

  /** @throws {RangeError} when `saved` is not what {@link save} gave; what was there before is gone then too */
  restore(saved: readonly SavedCells[]): void {
    LEVELS.forEach((_, level) => {
      const cells = (saved[level] ?? []).map(([slot, ...numbers]) => ({
        slot: slot ?? Number.NaN,
        totals: fromNumbers(numbers),
      }))
      if (!cells.every(({ slot }, at) => slot > (cells[at - 1]?.slot ?? -1)))
        throw new RangeError('totals out of order')
      this.#cells[level] = cells
    })
    this.#cellCount = this.cellCountFrom(0)
  }

  add(totals: Totals, nowMs: number): void {
    LEVELS.forEach(({ widthMs }, level) => {
      const slot = Math.floor(nowMs / widthMs)
      const cells = this.#cells[level]!
      this.#dropFuture(cells, slot)
      let last = cells.at(-1)
      // A clock that was set back a little must not make time run backwards here: count at the newest.
      if (last === undefined || last.slot < slot) {
        last = { slot, totals: createTotals() }
        cells.push(last)
        this.#cellCount += roomOf(last)
      }
      const before = roomOf(last)
      addTotals(last.totals, totals)
      this.#cellCount += roomOf(last) - before
    })
  }

  /** Adds to `into` what was counted in the window that ends now. */
  sum(into: Totals, windowMs: number, nowMs: number): void {
    const level = levelFor(windowMs)
    const first = firstSlot(LEVELS[level]!, windowMs, nowMs)
    const cells = this.#cells[level]!
    for (let at = cells.length - 1; at >= 0 && cells[at]!.slot >= first; at--) addTotals(into, cells[at]!.totals)
  }

  /** Forgets what is too old, or ahead of the clock. @param share - of the slots of each level to keep, 0 to 1 */
  trim(nowMs: number, share: number): void {
    LEVELS.forEach(({ widthMs, slots }, level) => {
      const cells = this.#cells[level]!
      const newest = Math.floor(nowMs / widthMs)
      const oldest = newest - Math.ceil(slots * share) + 1
      this.#dropFuture(cells, newest)
      const keepFrom = cells.findIndex((cell) => cell.slot >= oldest)
      if (keepFrom < 0) cells.length = 0
      if (keepFrom > 0) cells.splice(0, keepFrom)
    })
    this.#cellCount = this.cellCountFrom(0)
  }

  /** The clock was set back: what was counted ahead of it is in no window that can be asked for, or would be in each for hours. */
  #dropFuture(cells: Cell[], newest: number): void {
    while (cells.length > 0 && cells.at(-1)!.slot > newest + 1) this.#cellCount -= roomOf(cells.pop()!)
  }
}

/** In 500 bytes or so: one of them, and one more for each 32 buckets, which are two numbers each. */
function roomOf({ totals: { latency, grpc } }: Cell): number {
  return 1 + Math.floor((latency.length + grpc.length) / 64)
}

/** The finest level that reaches back far enough. */
function levelFor(windowMs: number): number {
  const level = LEVELS.findIndex(({ widthMs, slots }) => widthMs * (slots - 2) >= windowMs)
  return level < 0 ? LEVELS.length - 1 : level
}

/** Only whole slots are in a window, but at least the newest two: the newest alone may have just begun. */
function firstSlot({ widthMs }: Level, windowMs: number, nowMs: number): number {
  return Math.min(Math.ceil((nowMs - windowMs) / widthMs), Math.floor(nowMs / widthMs) - 1)
}
