import type { Certificate, ReportRequest, Series } from '@heddle/api/telemetry'
import type { Clock } from '@heddle/base/clock'
import { createKnownReporter, isSilent, type KnownReporter, spanOf } from './known-reporter.ts'
import { RollingTotals, type SavedCells } from './rolling-totals.ts'
import { factsOf, foldedFacts, type Reporter, type SeriesFacts, textOfFacts } from './series-facts.ts'
import { createTotals, hasTraffic, type Totals, totalsOf } from './totals.ts'

/** One series in a window. */
export interface SeriesWindow {
  readonly facts: SeriesFacts
  readonly totals: Totals
  /** Connections open now; 0 when the reporter has fallen silent. */
  readonly openConnections: number
  /** How long counting took in the window, in ms: what rates are to be divided by. */
  readonly spanMs: number
}

/** One series in a window, without its rate. */
export type CountedSeries = Omit<SeriesWindow, 'spanMs'>

/** What one reporter counted in a window. */
export interface ReporterWindow extends Pick<KnownReporter, 'firstMs' | 'lastReportMs' | 'intervalMs'> {
  readonly reporter: Reporter
  /** How long it says that it counted in the window; 0 where that is not known. */
  readonly coveredMs: number
  readonly series: readonly CountedSeries[]
}

/** Limits of the store; together they bound its memory. */
export interface StoreLimits {
  /** More are counted together, by workload, direction, security and protocol. */
  readonly series: number
  /** Totals of a time; above, history gets shorter. About 500 bytes each. */
  readonly cells: number
  readonly reporters: number
}

const DEFAULT_STORE_LIMITS: StoreLimits = { series: 10_000, cells: 200_000, reporters: 10_000 }

/** What is known of one instance's reports. */
export interface ReporterState {
  readonly reporter: Reporter
  readonly certificate: Certificate | undefined
  readonly lastReportMs: number
}

/** What a store knows, as plain values. */
export interface StoreSnapshot {
  readonly reporters: readonly (Omit<KnownReporter, 'covered'> & { readonly cells: readonly SavedCells[] })[]
  readonly series: readonly { readonly facts: SeriesFacts; readonly cells: readonly SavedCells[] }[]
}

interface StoredSeries {
  readonly facts: SeriesFacts
  readonly reporterKey: string
  readonly rolling: RollingTotals
  openConnections: number
  epoch: string
}

/** History is shortened by this much at a time, and never below {@link LEAST_SHARE} of what it should be. */
const SHORTEN_BY = 0.75
const LEAST_SHARE = 0.05
/** Room for what is counted together, above the limit of series. */
const FOLDED_SERIES = 1_000
/** Old totals are looked for this often. */
const TRIM_EVERY_MS = 30_000

/** The counts of all proxies over the last hours; bounded, and the same report counts once however often it comes. */
export class TelemetryStore {
  readonly #clock: Clock
  readonly #limits: StoreLimits
  readonly #series = new Map<string, StoredSeries>()
  readonly #reporters = new Map<string, KnownReporter>()
  #cells = 0
  #share = 1
  #trimmedMs = 0
  #folded = 0

  constructor(clock: Clock, limits: StoreLimits = DEFAULT_STORE_LIMITS) {
    this.#clock = clock
    this.#limits = limits
  }

  get seriesCount(): number {
    return this.#series.size
  }

  get cellCount(): number {
    return this.#cells
  }

  /** How many series of reports were counted together with others, since there were too many. */
  get foldedCount(): number {
    return this.#folded
  }

  /** How much of the wanted history there is room for, 0 to 1. */
  get historyShare(): number {
    return this.#share
  }

  /**
   * Takes over a report, unless it was taken over before.
   *
   * @param identity - the SPIFFE id that the report came with
   */
  report(request: ReportRequest, identity: string): 'counted' | 'repeated' {
    const nowMs = this.#clock.nowMs()
    const { namespace, workload, instance } = request
    const known = this.#reporterOf({ namespace, workload, instance, identity }, nowMs - request.intervalMs)
    if (known.epoch === request.epoch && request.sequence <= known.sequence) return 'repeated'
    known.epoch = request.epoch
    known.sequence = request.sequence
    known.lastReportMs = nowMs
    if (request.intervalMs > 0) known.intervalMs = request.intervalMs
    known.certificate = request.certificate ?? known.certificate
    this.#add(known.covered, { ...createTotals(), coveredMs: request.intervalMs }, nowMs)
    for (const series of request.series) this.#count(known, series, nowMs)
    this.#keepBounded(nowMs)
    return 'counted'
  }

  /** All that was counted in the window that ends now. Series without traffic and open connections are left out. */
  *window(windowMs: number): Iterable<SeriesWindow> {
    const nowMs = this.#clock.nowMs()
    const spans = new Map<string, number>()
    for (const { reporterKey, ...counted } of this.#counted(windowMs)) {
      const spanMs = spans.get(reporterKey) ?? spanOf(this.#reporters.get(reporterKey), windowMs, nowMs)
      spans.set(reporterKey, spanMs)
      yield { ...counted, spanMs }
    }
  }

  /** The same by reporter, with what is needed to add up the reports that came to several replicas. */
  reports(windowMs: number): ReporterWindow[] {
    const byReporter = new Map<string, ReporterWindow & { readonly series: CountedSeries[] }>()
    for (const { reporterKey, ...counted } of this.#counted(windowMs)) {
      const { reporter } = counted.facts
      const key = JSON.stringify([reporter.namespace, reporter.workload, reporter.instance])
      const found = byReporter.get(key) ?? this.#reporterWindow(reporter, reporterKey, windowMs)
      byReporter.set(key, found)
      found.series.push(counted)
    }
    return [...byReporter.values()]
  }

  /** All who report, in no order. */
  reporters(): ReporterState[] {
    return [...this.#reporters.values()]
  }

  reporter(namespace: string, instance: string): ReporterState | undefined {
    return this.#reporters.get(keyOfReporter({ namespace, instance }))
  }

  /**
   * All of it for a file, or as much as fits: without the finest totals, or without any.
   *
   * @param maxCells - how many totals of a time there may be
   */
  save(maxCells: number): StoreSnapshot {
    const levels = [0, 1].find((first) => this.#countCells(first) <= maxCells)
    if (levels === undefined) return { reporters: [], series: [] }
    const cut = (rolling: RollingTotals) => rolling.save().map((cells, level) => (level < levels ? [] : cells))
    return {
      reporters: [...this.#reporters.values()].map(({ covered, ...known }) => ({ ...known, cells: cut(covered) })),
      series: [...this.#series.values()].map(({ facts, rolling }) => ({ facts, cells: cut(rolling) })),
    }
  }

  /**
   * Takes over what {@link save} gave, into a store that is empty.
   *
   * @throws {RangeError | TypeError} when it is something else; the store is empty then
   */
  restore(snapshot: StoreSnapshot): void {
    try {
      this.#restore(snapshot)
    } catch (error) {
      this.#series.clear()
      this.#reporters.clear()
      throw error
    }
    this.#trim(this.#clock.nowMs())
    this.#keepBounded(this.#clock.nowMs())
  }

  #restore({ reporters, series }: StoreSnapshot): void {
    for (const { cells, ...known } of reporters) {
      const { covered, ...fresh } = createKnownReporter(known.reporter, known.firstMs)
      covered.restore(cells)
      this.#reporters.set(keyOfReporter(known.reporter), { ...fresh, ...known, covered })
    }
    for (const { facts, cells } of series) {
      this.#storedSeries(facts)?.rolling.restore(cells)
    }
  }

  *#counted(windowMs: number): Iterable<CountedSeries & { readonly reporterKey: string }> {
    const nowMs = this.#clock.nowMs()
    for (const series of this.#series.values()) {
      const { facts, reporterKey } = series
      const totals = createTotals()
      series.rolling.sum(totals, windowMs, nowMs)
      const openConnections = this.#openConnections(series, nowMs)
      if (openConnections > 0 || hasTraffic(totals)) yield { facts, totals, openConnections, reporterKey }
    }
  }

  #reporterWindow(reporter: Reporter, key: string, windowMs: number) {
    const known = this.#reporters.get(key)
    const { firstMs = 0, lastReportMs = 0, intervalMs = 0 } = known ?? {}
    const covered = createTotals()
    known?.covered.sum(covered, windowMs, this.#clock.nowMs())
    const series: CountedSeries[] = []
    return { reporter, coveredMs: covered.coveredMs, firstMs, lastReportMs, intervalMs, series }
  }

  #countCells(firstLevel: number): number {
    let count = 0
    for (const { rolling } of this.#series.values()) count += rolling.cellCountFrom(firstLevel)
    for (const { covered } of this.#reporters.values()) count += covered.cellCountFrom(firstLevel)
    return count
  }

  #reporterOf(reporter: Reporter, sinceMs: number): KnownReporter {
    const key = keyOfReporter(reporter)
    const known = this.#reporters.get(key)
    if (known !== undefined) {
      known.reporter = reporter
      return known
    }
    const added = createKnownReporter(reporter, sinceMs)
    this.#reporters.set(key, added)
    return added
  }

  #count(known: KnownReporter, series: Series, nowMs: number): void {
    const stored = this.#storedSeries(factsOf(known.reporter, series))
    if (stored === undefined) return
    stored.openConnections = Number(series.connectionsOpen)
    stored.epoch = known.epoch
    const totals = totalsOf(series)
    if (hasTraffic(totals)) this.#add(stored.rolling, totals, nowMs)
  }

  /** Connections of a proxy that is gone, or was started anew since, are closed. */
  #openConnections({ reporterKey, epoch, openConnections }: StoredSeries, nowMs: number): number {
    const known = this.#reporters.get(reporterKey)
    return known === undefined || known.epoch !== epoch || isSilent(known, nowMs) ? 0 : openConnections
  }

  #add(rolling: RollingTotals, totals: Totals, nowMs: number): void {
    const before = rolling.cellCount
    rolling.add(totals, nowMs)
    this.#cells += rolling.cellCount - before
  }

  /** `undefined`: there is no room, not even for what is counted together. */
  #storedSeries(facts: SeriesFacts): StoredSeries | undefined {
    const key = textOfFacts(facts)
    const known = this.#series.get(key)
    if (known !== undefined) return known
    if (this.#series.size < this.#limits.series) return this.#addSeries(key, facts)
    this.#folded += 1
    const other = foldedFacts(facts)
    const otherKey = textOfFacts(other)
    const hasRoom = this.#series.size < this.#limits.series + FOLDED_SERIES
    return this.#series.get(otherKey) ?? (hasRoom ? this.#addSeries(otherKey, other) : undefined)
  }

  #addSeries(key: string, facts: SeriesFacts): StoredSeries {
    const reporterKey = keyOfReporter(facts.reporter)
    const added = { facts, reporterKey, rolling: new RollingTotals(), openConnections: 0, epoch: '' }
    this.#series.set(key, added)
    return added
  }

  #keepBounded(nowMs: number): void {
    const isDue = nowMs - this.#trimmedMs >= TRIM_EVERY_MS
    if (isDue) {
      this.#share = Math.min(1, this.#cells < this.#limits.cells / 2 ? this.#share / SHORTEN_BY : this.#share)
      this.#trim(nowMs)
    }
    while (this.#cells > this.#limits.cells && this.#share > LEAST_SHARE) {
      this.#share *= SHORTEN_BY
      this.#trim(nowMs)
    }
    if (this.#reporters.size > this.#limits.reporters) this.#forgetLongestSilent()
  }

  #trim(nowMs: number): void {
    this.#trimmedMs = nowMs
    this.#cells = 0
    for (const [key, series] of this.#series) {
      series.rolling.trim(nowMs, this.#share)
      const { cellCount } = series.rolling
      if (cellCount === 0 && this.#openConnections(series, nowMs) === 0) this.#series.delete(key)
      this.#cells += cellCount
    }
    for (const [key, { covered }] of this.#reporters) {
      covered.trim(nowMs, this.#share)
      if (covered.cellCount === 0) this.#reporters.delete(key)
      this.#cells += covered.cellCount
    }
  }

  #forgetLongestSilent(): void {
    let longest: [string, KnownReporter] | undefined
    for (const entry of this.#reporters) {
      if (longest === undefined || entry[1].lastReportMs < longest[1].lastReportMs) longest = entry
    }
    if (longest === undefined) return
    this.#cells -= longest[1].covered.cellCount
    this.#reporters.delete(longest[0])
  }
}

function keyOfReporter({ namespace, instance }: Pick<Reporter, 'namespace' | 'instance'>): string {
  return `${namespace}/${instance}`
}
