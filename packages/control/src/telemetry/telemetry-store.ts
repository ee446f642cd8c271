import type { Certificate, ReportRequest, Series } from '@heddle/api/telemetry'
import type { Clock } from '@heddle/base/clock'
import { BoundedHistory, type HistoryLimits, type HistoryTables } from './bounded-history.ts'
import { type KnownReporter, spanOf } from './known-reporter.ts'
import { ReporterTable } from './reporter-table.ts'
import { factsOf, type Reporter } from './series-facts.ts'
import { openConnectionsOf, SeriesTable } from './series-table.ts'
import type { CountedSeries, ReporterWindow, SeriesWindow } from './series-window.ts'
import { restoreSnapshot, type StoreSnapshot, takeSnapshot } from './store-snapshot.ts'
import { createTotals, hasTraffic, totalsOf } from './totals.ts'

/** Limits of the store; together they bound its memory. */
export interface StoreLimits extends HistoryLimits {
  /** More are counted together, by workload, direction, security and protocol. */
  readonly series: number
}

const DEFAULT_STORE_LIMITS: StoreLimits = { series: 10_000, cells: 200_000, reporters: 10_000 }

/** What is known of one instance's reports. */
export interface ReporterState {
  readonly reporter: Reporter
  readonly certificate: Certificate | undefined
  readonly lastReportMs: number
}

/** A series in a window, and who counted it. */
type AttributedSeries = CountedSeries & { readonly reporterKey: string }

/** The counts of all proxies over the last hours; bounded, and the same report counts once however often it comes. */
export class TelemetryStore {
  readonly #clock: Clock
  readonly #tables: HistoryTables
  readonly #history: BoundedHistory

  constructor(clock: Clock, limits: StoreLimits = DEFAULT_STORE_LIMITS) {
    this.#clock = clock
    this.#tables = { series: new SeriesTable(limits.series), reporters: new ReporterTable() }
    this.#history = new BoundedHistory(this.#tables, limits)
  }

  get seriesCount(): number {
    return this.#tables.series.size
  }

  get cellCount(): number {
    return this.#history.cellCount
  }

  /** How many series of reports were counted together with others, since there were too many. */
  get foldedCount(): number {
    return this.#tables.series.foldedCount
  }

  /** How much of the wanted history there is room for, 0 to 1. */
  get historyShare(): number {
    return this.#history.share
  }

  /**
   * Takes over a report, unless it was taken over before.
   *
   * @param identity - the SPIFFE id that the report came with
   */
  report(request: ReportRequest, identity: string): 'counted' | 'repeated' {
    const nowMs = this.#clock.nowMs()
    const { namespace, workload, instance, intervalMs } = request
    const known = this.#tables.reporters.of({ namespace, workload, instance, identity }, nowMs - intervalMs)
    if (known.epoch === request.epoch && request.sequence <= known.sequence) return 'repeated'
    known.epoch = request.epoch
    known.sequence = request.sequence
    known.lastReportMs = nowMs
    if (intervalMs > 0) known.intervalMs = intervalMs
    known.certificate = request.certificate ?? known.certificate
    this.#history.add(known.covered, { ...createTotals(), coveredMs: intervalMs }, nowMs)
    for (const series of request.series) this.#count(known, series, nowMs)
    this.#history.keepBounded(nowMs)
    return 'counted'
  }

  /**
   * All that was counted in the window that ends now. Series without traffic and open connections are left out.
   *
   * @param windowMs - how far back, in ms
   */
  *window(windowMs: number): Iterable<SeriesWindow> {
    const nowMs = this.#clock.nowMs()
    const spans = new Map<string, number>()
    for (const { reporterKey, ...counted } of this.#counted(windowMs)) {
      const known = this.#tables.reporters.byKey(reporterKey)
      const spanMs = spans.get(reporterKey) ?? spanOf(known, windowMs, nowMs)
      spans.set(reporterKey, spanMs)
      yield { ...counted, spanMs }
    }
  }

  /** The same by reporter, with what is needed to add up the reports that came to several replicas. */
  reports(windowMs: number): ReporterWindow[] {
    const byReporter = Map.groupBy(this.#counted(windowMs), ({ facts: { reporter } }) => {
      return JSON.stringify([reporter.namespace, reporter.workload, reporter.instance])
    })
    return [...byReporter.values()].map((series) => this.#reporterWindow(series, windowMs))
  }

  /** All who report, in no order. */
  reporters(): ReporterState[] {
    return [...this.#tables.reporters.all()]
  }

  reporter(namespace: string, instance: string): ReporterState | undefined {
    return this.#tables.reporters.get({ namespace, instance })
  }

  /**
   * All of it for a file, or as much as fits: without the finest totals, or without any.
   *
   * @param maxCells - how many totals of a time there may be
   */
  save(maxCells: number): StoreSnapshot {
    return takeSnapshot(this.#tables, maxCells)
  }

  /**
   * Takes over what {@link save} gave, into a store that is empty.
   *
   * @throws {RangeError | TypeError} when it is something else; the store is empty then
   */
  restore(snapshot: StoreSnapshot): void {
    restoreSnapshot(this.#tables, snapshot)
    const nowMs = this.#clock.nowMs()
    this.#history.trim(nowMs)
    this.#history.keepBounded(nowMs)
  }

  #count(known: KnownReporter, series: Series, nowMs: number): void {
    const stored = this.#tables.series.of(factsOf(known.reporter, series))
    if (stored === undefined) return
    stored.openConnections = Number(series.connectionsOpen)
    stored.epoch = known.epoch
    const totals = totalsOf(series)
    if (hasTraffic(totals)) this.#history.add(stored.rolling, totals, nowMs)
  }

  *#counted(windowMs: number): Iterable<AttributedSeries> {
    const nowMs = this.#clock.nowMs()
    for (const series of this.#tables.series.all()) {
      const { facts, reporterKey, rolling } = series
      const totals = createTotals()
      rolling.sum(totals, windowMs, nowMs)
      const openConnections = openConnectionsOf(series, this.#tables.reporters.byKey(reporterKey), nowMs)
      if (openConnections > 0 || hasTraffic(totals)) yield { facts, totals, openConnections, reporterKey }
    }
  }

  /** @param all - of one reporter, at least one */
  #reporterWindow(all: readonly AttributedSeries[], windowMs: number): ReporterWindow {
    const { reporterKey, facts } = all[0]!
    const known = this.#tables.reporters.byKey(reporterKey)
    const { firstMs = 0, lastReportMs = 0, intervalMs = 0 } = known ?? {}
    const covered = createTotals()
    known?.covered.sum(covered, windowMs, this.#clock.nowMs())
    const series = all.map(({ reporterKey: _, ...counted }) => counted)
    return { reporter: facts.reporter, coveredMs: covered.coveredMs, firstMs, lastReportMs, intervalMs, series }
  }
}
