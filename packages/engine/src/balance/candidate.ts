import type { EndpointLoad } from '../balance.ts'

/** One endpoint as one destination of one client sees it. Changed in place; kept when the endpoints around it change. */
export interface Candidate {
  /** Of the endpoint: unique, and the same in the next version of the destination. */
  readonly id: string
  readonly region: string
  readonly zone: string
  /** Shared by all destinations that have the endpoint. */
  readonly load: EndpointLoad
  /** Monotonic time from which slow start counts, in µs; `-Infinity`: it is not new. */
  warmFromUs: number
  /** Monotonic time until which outlier detection keeps it out, in µs; 0: it does not. */
  ejectedUntilUs: number
  /** Why, for people: "5 failures in a row". */
  ejectedFor: string
  /** Monotonic time until which the endpoint itself asked to be left alone, in µs. */
  pausedUntilUs: number
  /** Its next turn in round robin, in virtual time; NaN: none yet. */
  turn: number
  /** What outlier detection counts. */
  readonly record: OutlierRecord
}

/** What outlier detection counts of one endpoint. */
export interface OutlierRecord {
  failuresInARow: number
  /** Of the interval under way. */
  requests: number
  failures: number
  /** Times it was put out, less one for each interval that it has stayed in since. */
  ejections: number
}
