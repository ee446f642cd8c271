import type { ReportTimes } from './known-reporter.ts'
import type { Reporter, SeriesFacts } from './series-facts.ts'
import type { Totals } from './totals.ts'

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
export interface ReporterWindow extends Readonly<ReportTimes> {
  readonly reporter: Reporter
  /** How long it says that it counted in the window, in ms; 0 where that is not known. */
  readonly coveredMs: number
  readonly series: readonly CountedSeries[]
}
