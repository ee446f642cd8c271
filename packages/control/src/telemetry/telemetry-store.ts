import { type Certificate, Direction, type ReportRequest, type Series } from '@heddle/api/telemetry'
import type { Clock } from '@heddle/base/clock'
import { RollingTotals } from './rolling-totals.ts'
import { createTotals, hasTraffic, type Totals, totalsOf } from './totals.ts'

/** Who counted. */
export interface Reporter {
  readonly namespace: string
  readonly workload: string
  readonly instance: string
  /** SPIFFE id that the report came with. */
  readonly identity: string
}

/** What was counted about: one peer and service, seen from one side. */
export interface SeriesFacts {
  readonly reporter: Reporter
  readonly direction: 'inbound' | 'outbound'
  readonly serviceNamespace: string
  readonly service: string
  readonly port: number
  readonly peerNamespace: string
  readonly peerWorkload: string
  readonly peerInstance: string
  readonly peerIdentity: string
  readonly security: string
  readonly protocol: string
}

/** One series in a window. */
export interface SeriesWindow {
  readonly facts: SeriesFacts
  readonly totals: Totals
  /** Connections open now; 0 when the reporter has fallen silent. */
  readonly openConnections: number
  /** How long counting took in the window, in ms: what rates are to be divided by. */
  readonly spanMs: number
}

/** Limits of the store; together they bound its memory. */
export interface StoreLimits {
  /** More are counted together, by workload, direction, security and protocol. */
  readonly series: number
  /** Totals of a time; above, history gets shorter. About 250 bytes each. */
  readonly cells: number
  readonly reporters: number
}

export const DEFAULT_STORE_LIMITS: StoreLimits = { series: 10_000, cells: 300_000, reporters: 10_000 }

/** What is known of one instance's reports. */
export interface ReporterState {
  readonly reporter: Reporter
  readonly certificate: Certificate | undefined
  readonly lastReportMs: number
}

interface KnownReporter {
  reporter: Reporter
  certificate: Certificate | undefined
  epoch: string
  sequence: bigint
  intervalMs: number
  firstMs: number
  lastReportMs: number
  readonly covered: RollingTotals
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
/** A reporter that misses so many of its own intervals is silent. */
const SILENT_INTERVALS = 3
const LEAST_SILENCE_MS = 15_000

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
    for (const series of this.#series.values()) {
      const totals = createTotals()
      series.rolling.sum(totals, windowMs, nowMs)
      const openConnections = this.#openConnections(series, nowMs)
      if (openConnections === 0 && !hasTraffic(totals)) continue
      const { reporterKey, facts } = series
      const spanMs = spans.get(reporterKey) ?? spanOf(this.#reporters.get(reporterKey), windowMs, nowMs)
      spans.set(reporterKey, spanMs)
      yield { facts, totals, openConnections, spanMs }
    }
  }

  reporter(namespace: string, instance: string): ReporterState | undefined {
    return this.#reporters.get(`${namespace}/${instance}`)
  }

  #reporterOf(reporter: Reporter, sinceMs: number): KnownReporter {
    const key = `${reporter.namespace}/${reporter.instance}`
    const known = this.#reporters.get(key)
    if (known !== undefined) {
      known.reporter = reporter
      return known
    }
    const added: KnownReporter = {
      reporter,
      certificate: undefined,
      epoch: '',
      sequence: 0n,
      intervalMs: 0,
      firstMs: sinceMs,
      lastReportMs: 0,
      covered: new RollingTotals(),
    }
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
    const key = keyOf(facts)
    const known = this.#series.get(key)
    if (known !== undefined) return known
    if (this.#series.size < this.#limits.series) return this.#addSeries(key, facts)
    this.#folded += 1
    const other = foldedFacts(facts)
    const otherKey = keyOf(other)
    const hasRoom = this.#series.size < this.#limits.series + FOLDED_SERIES
    return this.#series.get(otherKey) ?? (hasRoom ? this.#addSeries(otherKey, other) : undefined)
  }

  #addSeries(key: string, facts: SeriesFacts): StoredSeries {
    const { namespace, instance } = facts.reporter
    const reporterKey = `${namespace}/${instance}`
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

/**
 * What counts of a reporter are to be divided by: the time it says that it counted. That is right for one which has just
 * started, and for one which reports minutes at once because the control plane was away. One that fell silent counted
 * nothing since.
 */
function spanOf(known: KnownReporter | undefined, windowMs: number, nowMs: number): number {
  if (known === undefined) return windowMs
  const totals = createTotals()
  known.covered.sum(totals, windowMs, nowMs)
  if (!isSilent(known, nowMs) && totals.coveredMs > 0) return totals.coveredMs
  return Math.max(totals.coveredMs, Math.min(windowMs, nowMs - known.firstMs), 1)
}

function isSilent(known: KnownReporter, nowMs: number): boolean {
  return nowMs - known.lastReportMs > Math.max(SILENT_INTERVALS * known.intervalMs, LEAST_SILENCE_MS)
}

function factsOf(reporter: Reporter, series: Series): SeriesFacts {
  return {
    reporter,
    direction: series.direction === Direction.OUTBOUND ? 'outbound' : 'inbound',
    serviceNamespace: series.serviceNamespace,
    service: series.service,
    port: series.port,
    peerNamespace: series.peerNamespace,
    peerWorkload: series.peerWorkload,
    peerInstance: series.peerInstance,
    peerIdentity: series.peerIdentity,
    security: series.security,
    protocol: series.protocol,
  }
}

/** The sums of a workload stay right when there are too many series; who talked to whom is lost. */
function foldedFacts(facts: SeriesFacts): SeriesFacts {
  const { reporter, direction, security, protocol } = facts
  const peer = { peerNamespace: '', peerWorkload: 'other', peerInstance: '', peerIdentity: '' }
  const service = { serviceNamespace: '', service: 'other', port: 0 }
  return { reporter: { ...reporter, instance: '' }, direction, security, protocol, ...service, ...peer }
}

function keyOf({ reporter, ...facts }: SeriesFacts): string {
  return JSON.stringify([reporter.namespace, reporter.workload, reporter.instance, ...Object.values(facts)])
}
