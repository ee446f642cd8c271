import type { SeriesJson } from '@heddle/api/telemetry'
import { type Clock, monotonicMs } from '@heddle/base/clock'
import { type SeriesKey, textOfKey, toFoldedKey } from './series-key.ts'
import { Series } from './traffic-series.ts'

/** Limits of a {@link TrafficTable}. */
export interface TrafficOptions {
  readonly clock: Clock
  /** More series than this are counted together, by direction, security and protocol. */
  readonly maxSeries?: number
  /** A series without open connections that counted nothing for so long is forgotten. */
  readonly idleMs?: number
}

const MAX_SERIES = 2_000
const IDLE_MS = 600_000
/** How often idle series are looked for. */
const SWEEP_MS = 30_000

/** All series of one workload: counted into by connections and pools, read by `/metrics` and by the reporter. */
export class TrafficTable {
  readonly #clock: Clock
  readonly #maxSeries: number
  readonly #idleMs: number
  readonly #live = new Map<string, Series>()
  /** Forgotten, but a connection or pool may still hold one and count again. */
  readonly #forgotten = new Map<string, WeakRef<Series>>()
  readonly #changed = new Set<Series>()
  #overflowed = 0
  #sweptMs: number

  constructor(options: TrafficOptions) {
    this.#clock = options.clock
    this.#maxSeries = options.maxSeries ?? MAX_SERIES
    this.#idleMs = options.idleMs ?? IDLE_MS
    this.#sweptMs = monotonicMs(this.#clock)
  }

  /** How many keys were counted as "other" because there were too many series. */
  get overflowed(): number {
    return this.#overflowed
  }

  /** The series that exist now. */
  list(): Iterable<Series> {
    return this.#live.values()
  }

  get size(): number {
    return this.#live.size
  }

  /** The counters of `key`; the same for the same key. */
  series(key: SeriesKey): Series {
    const text = textOfKey(key)
    const known = this.#live.get(text) ?? this.#forgotten.get(text)?.deref()
    if (known !== undefined) return known
    if (this.#live.size >= this.#maxSeries) return this.#other(key)
    return this.#create(text, key)
  }

  /**
   * What was counted since it was last taken: series that changed, and those with open connections, whose gauge stays
   * true that way also for a control plane that was restarted. What is taken is gone from here: the caller delivers it.
   */
  takeDelta(): SeriesJson[] {
    const nowMs = monotonicMs(this.#clock)
    for (const series of this.#changed) series.lastChangeMs = nowMs
    for (const series of this.#live.values()) {
      if (series.openConnections > 0) this.#changed.add(series)
    }
    const delta = Array.from(this.#changed, (series) => series.take())
    this.#changed.clear()
    if (nowMs - this.#sweptMs >= SWEEP_MS) this.#forgetIdle(nowMs)
    return delta
  }

  #create(text: string, key: SeriesKey): Series {
    const series = new Series(key, (changed) => this.#onFirstChange(text, changed))
    this.#live.set(text, series)
    series.lastChangeMs = monotonicMs(this.#clock)
    return series
  }

  #other(key: SeriesKey): Series {
    this.#overflowed += 1
    const other = toFoldedKey(key)
    const text = textOfKey(other)
    return this.#live.get(text) ?? this.#create(text, other)
  }

  #onFirstChange(text: string, series: Series): void {
    this.#changed.add(series)
    if (this.#live.has(text)) return
    this.#forgotten.delete(text)
    this.#live.set(text, series)
  }

  #forgetIdle(nowMs: number): void {
    this.#sweptMs = nowMs
    for (const [text, ref] of this.#forgotten) {
      if (ref.deref() === undefined) this.#forgotten.delete(text)
    }
    for (const [text, series] of this.#live) {
      if (nowMs - series.lastChangeMs < this.#idleMs || series.openConnections > 0) continue
      this.#live.delete(text)
      this.#forgotten.set(text, new WeakRef(series))
    }
  }
}
