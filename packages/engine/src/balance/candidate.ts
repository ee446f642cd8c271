import type { EndpointLoad } from '../balance.ts'

/** What a destination says of one of its endpoints, and what the client knows of it. */
export interface CandidateFacts {
  /** Of the endpoint: unique, and the same in the next version of the destination. */
  readonly id: string
  readonly region: string
  readonly zone: string
  /** Shared by all destinations that have the endpoint. */
  readonly load: EndpointLoad
}

/** One endpoint as one destination of one client sees it. Changed in place; kept when the endpoints around it change. */
export interface Candidate extends CandidateFacts {
  /** Monotonic time from which slow start counts, in µs; `-Infinity`: it is not new. Times are changed by {@link putOut}. */
  warmFromUs: number
  /** Monotonic time until which outlier detection keeps it out, in µs; 0: it does not. */
  ejectedUntilUs: number
  /** Why, for people: "5 failures in a row". */
  ejectedFor: string
  /** Monotonic time until which the endpoint itself asked to be left alone, in µs. See {@link pauseEndpoint}. */
  pausedUntilUs: number
  /** Its next turn in round robin, in virtual time; NaN: none yet. */
  turn: number
  /** What outlier detection counts. */
  readonly record: OutlierRecord
  /** The same for all endpoints of the destination. */
  readonly group: CandidateGroup
}

/** What balancers look at first, so that they need not look at each endpoint. */
export interface CandidateGroup {
  /** Monotonic time from which none is out or paused, as things are, and slow start has begun for all; in µs. */
  settledUs: number
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

/**
 * The endpoints of a new version of a destination, in its order. One that was there before, at the same address, keeps all that
 * is known of it; a new one starts slowly, unless the whole destination is new.
 *
 * @param previous - of the version before; empty: there is none
 */
export function createCandidates(
  endpoints: readonly CandidateFacts[],
  previous: readonly Candidate[],
  nowUs: number,
): readonly Candidate[] {
  const known = new Map(previous.map((candidate) => [candidate.id, candidate]))
  const warmFromUs = previous.length === 0 ? Number.NEGATIVE_INFINITY : nowUs
  const group = previous[0]?.group ?? { settledUs: Number.NEGATIVE_INFINITY }
  return endpoints.map((endpoint) => {
    const before = known.get(endpoint.id)
    const isSame = before?.load === endpoint.load && before.zone === endpoint.zone && before.region === endpoint.region
    return isSame ? before : createCandidate(endpoint, warmFromUs, group)
  })
}

function createCandidate(facts: CandidateFacts, warmFromUs: number, group: CandidateGroup): Candidate {
  const { id, region, zone, load } = facts
  group.settledUs = Math.max(group.settledUs, warmFromUs)
  return {
    id,
    region,
    zone,
    load,
    warmFromUs,
    ejectedUntilUs: 0,
    ejectedFor: '',
    pausedUntilUs: 0,
    turn: Number.NaN,
    record: { failuresInARow: 0, requests: 0, failures: 0, ejections: 0 },
    group,
  }
}

/** Keeps `candidate` out until `untilUs`; then it starts slowly. */
export function putOut(candidate: Candidate, untilUs: number, why: string): void {
  candidate.ejectedUntilUs = untilUs
  candidate.ejectedFor = why
  candidate.warmFromUs = untilUs
  candidate.group.settledUs = Math.max(candidate.group.settledUs, untilUs)
}

/** Nobody may ask to be left alone for longer than that, lest a mistake or a bad clock takes an endpoint away for good. */
const MAX_PAUSE_MS = 60_000

/**
 * Lets an endpoint be that asked for it: it answered 429 or 503 with `retry-after`. Balancers take it only when there is no
 * other.
 *
 * @param retryAfterMs - counted as a minute where it is longer
 */
export function pauseEndpoint(candidate: Candidate, retryAfterMs: number, nowUs: number): void {
  const untilUs = nowUs + Math.min(MAX_PAUSE_MS, retryAfterMs) * 1000
  candidate.pausedUntilUs = Math.max(candidate.pausedUntilUs, untilUs)
  candidate.group.settledUs = Math.max(candidate.group.settledUs, untilUs)
}
