import type { ReporterTable } from './reporter-table.ts'
import type { RollingTotals } from './rolling-totals.ts'
import { openConnectionsOf, type SeriesTable } from './series-table.ts'
import type { Totals } from './totals.ts'

/**
 * History is shortened by this much at a time, down to four totals of each series: the two newest of 5 s, that of a minute and of
 * five. So 10,000 series take 450 MB at most, measured with latencies in all buckets of each; with a hundred such totals each they
 * would take more than a control plane may have.
 */
const SHORTEN_BY = 0.75
const LEAST_SHARE = 0.01
/** Old totals are looked for this often. */
const TRIM_EVERY_MS = 30_000

/** The tables whose totals are kept over time. */
export interface HistoryTables {
  readonly series: SeriesTable
  readonly reporters: ReporterTable
}

/** Limits of a history. */
export interface HistoryLimits {
  /** Totals of a time; above, history gets shorter. About 500 bytes each: those of many latencies count as several. */
  readonly cells: number
  readonly reporters: number
}

/** Forgets what is too old, and more of it the more there is. */
export class BoundedHistory {
  readonly #tables: HistoryTables
  readonly #limits: HistoryLimits
  #cells = 0
  #share = 1
  #trimmedMs = 0

  constructor(tables: HistoryTables, limits: HistoryLimits) {
    this.#tables = tables
    this.#limits = limits
  }

  /** How many totals are kept. */
  get cellCount(): number {
    return this.#cells
  }

  /** How much of the wanted history there is room for, 0 to 1. */
  get share(): number {
    return this.#share
  }

  /** Adds to totals of one of the tables. {@link keepBounded} has to follow. */
  add(rolling: RollingTotals, totals: Totals, nowMs: number): void {
    const before = rolling.cellCount
    rolling.add(totals, nowMs)
    this.#cells += rolling.cellCount - before
  }

  keepBounded(nowMs: number): void {
    const { cells, reporters } = this.#limits
    if (Math.abs(nowMs - this.#trimmedMs) >= TRIM_EVERY_MS) {
      this.#share = Math.min(1, this.#cells < cells / 2 ? this.#share / SHORTEN_BY : this.#share)
      this.trim(nowMs)
    }
    while (this.#cells > cells && this.#share > LEAST_SHARE) {
      this.#share *= SHORTEN_BY
      this.trim(nowMs)
    }
    if (this.#tables.reporters.size <= reporters) return
    this.#cells -= this.#tables.reporters.forgetLongestSilent()?.covered.cellCount ?? 0
  }

  /** Forgets what is too old, and whom nothing is known of any more; counts anew what is left. */
  trim(nowMs: number): void {
    const { series, reporters } = this.#tables
    this.#trimmedMs = nowMs
    this.#cells = 0
    const trim = (rolling: RollingTotals): number => {
      rolling.trim(nowMs, this.#share)
      this.#cells += rolling.cellCount
      return rolling.cellCount
    }
    series.keepOnly((one) => {
      return trim(one.rolling) > 0 || openConnectionsOf(one, reporters.byKey(one.reporterKey), nowMs) > 0
    })
    reporters.keepOnly(({ covered }) => trim(covered) > 0)
  }
}
