import { instanceKey } from '../model/instance.ts'
import { isSilent, type KnownReporter } from './known-reporter.ts'
import { RollingTotals } from './rolling-totals.ts'
import { foldedFacts, type SeriesFacts, textOfFacts } from './series-facts.ts'

/** One series over time. */
export interface StoredSeries {
  readonly facts: SeriesFacts
  /** Of who counts it; of those that are counted together, nobody's. */
  readonly reporterKey: string
  readonly rolling: RollingTotals
  /** As the newest report has it. */
  openConnections: number
  /** Of the reporter, when it said so. */
  epoch: string
}

/** Room for what is counted together, above the limit of series. */
const FOLDED_SERIES = 1_000

/** Series by what they are about. Those for which there is no room are counted together. */
export class SeriesTable {
  readonly #limit: number
  readonly #series = new Map<string, StoredSeries>()
  #folded = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#series.size
  }

  /** How often a series was counted together with others. */
  get foldedCount(): number {
    return this.#folded
  }

  all(): Iterable<StoredSeries> {
    return this.#series.values()
  }

  /** The series to count at; `undefined`: there is no room, not even for what is counted together. */
  of(facts: SeriesFacts): StoredSeries | undefined {
    const key = textOfFacts(facts)
    const known = this.#series.get(key)
    if (known !== undefined) return known
    if (this.size < this.#limit) return this.#add(key, facts)
    this.#folded += 1
    const other = foldedFacts(facts)
    const otherKey = textOfFacts(other)
    const hasRoom = this.size < this.#limit + FOLDED_SERIES
    return this.#series.get(otherKey) ?? (hasRoom ? this.#add(otherKey, other) : undefined)
  }

  /** Forgets the others. */
  keepOnly(isKept: (series: StoredSeries) => boolean): void {
    for (const [key, series] of this.#series) if (!isKept(series)) this.#series.delete(key)
  }

  #add(key: string, facts: SeriesFacts): StoredSeries {
    const reporterKey = instanceKey(facts.reporter)
    const added = { facts, reporterKey, rolling: new RollingTotals(), openConnections: 0, epoch: '' }
    this.#series.set(key, added)
    return added
  }
}

/** Connections of a proxy that is gone, or was started anew since, are closed. */
export function openConnectionsOf(series: StoredSeries, reporter: KnownReporter | undefined, nowMs: number): number {
  const isCurrent = reporter !== undefined && reporter.epoch === series.epoch && !isSilent(reporter, nowMs)
  return isCurrent ? series.openConnections : 0
}
