import { type PickTrace, tellCosts, tellPick } from './balance/pick-trace.ts'

/** What the balancer knows of one endpoint. One object per endpoint and client, changed in place. */
export interface EndpointLoad {
  /** Share of requests beside the others, at least 1. */
  weight: number
  /** Requests (or opaque connections) under way. */
  inFlight: number
  /** Peak-sensitive moving average of the answer time, in µs. */
  rttUs: number
  /** Monotonic time of the last observation, in µs. */
  observedUs: number
  /** Monotonic time until which the endpoint is passed over, in µs; 0: it is not. */
  avoidUntilUs: number
}

/** Taken for the answer time of an endpoint that never answered: so it gets its share at once. */
const FIRST_RTT_US = 30_000
/** After this long without news, an old observation has lost 63 % of its weight: so a slow endpoint is asked again after some seconds. */
const DECAY_US = 10_000_000

/** In units of the decay. */
const YOUNG = 0.01

/** The load of an endpoint that was never asked. */
export function createLoad(weight: number, nowUs: number): EndpointLoad {
  return { weight, inFlight: 0, rttUs: FIRST_RTT_US, observedUs: nowUs, avoidUntilUs: 0 }
}

/**
 * Takes one answer time into the average: a slower one counts at once and in full (peak), a faster one by and by.
 * The algorithm is Finagle's peak EWMA.
 */
export function observeRtt(load: EndpointLoad, rttUs: number, nowUs: number): void {
  if (rttUs >= load.rttUs) {
    load.rttUs = rttUs
  } else {
    const kept = keptOf(load, nowUs)
    load.rttUs = load.rttUs * kept + rttUs * (1 - kept)
  }
  load.observedUs = nowUs
}

/** What a failure counts as, in answer times that were expected. */
const FAILURE_FACTOR = 4
const MOST_OF_FAILURE_US = 1_000_000

/**
 * Takes a failure into the average, as an answer that took several times as long as was expected, up to 1 s. What fails mostly fails fast,
 * and a broken endpoint would look better than all others; one failure among many successes is soon forgotten.
 *
 * @param rttUs - after how long it failed
 */
export function observeFailure(load: EndpointLoad, rttUs: number, nowUs: number): void {
  observeRtt(load, Math.max(rttUs, Math.min(load.rttUs * FAILURE_FACTOR, MOST_OF_FAILURE_US)), nowUs)
}

/** What one more request at this endpoint is expected to cost; lower is better. */
export function costOf(load: EndpointLoad, nowUs: number): number {
  const kept = keptOf(load, nowUs)
  return ((load.rttUs * kept + 1) * (load.inFlight + 1)) / load.weight
}

/** Share of its weight that the last observation has kept: `exp(-age / decay)`. */
function keptOf(load: EndpointLoad, nowUs: number): number {
  const age = Math.max(0, nowUs - load.observedUs) / DECAY_US
  // Under traffic it is young, and the first terms of the series are exact to 2e-7, without the cost of an exponential function.
  return age < YOUNG ? 1 - age + (age * age) / 2 : Math.exp(-age)
}

/**
 * Power of two choices: of two endpoints drawn at random, the one whose next request costs less. Endpoints to be avoided are
 * taken only when there is no other; then the one that is avoided for the shortest time.
 *
 * @param tried - not to be chosen again
 * @returns an index into `loads`, or -1 when all were tried
 */
export function pickEndpoint(loads: readonly EndpointLoad[], choice: Choice): number {
  const count = loads.length
  if (count === 1 && choice.tried === undefined) {
    tellPick(choice.trace, 'only')
    return 0
  }
  if (count === 0) {
    tellPick(choice.trace, 'none')
    return -1
  }
  const first = Math.floor(choice.random() * count)
  // The second is drawn among the others, so that two endpoints are always both looked at.
  const second = count === 1 ? first : (first + 1 + Math.floor(choice.random() * (count - 1))) % count
  const isFirstUsable = isLoadUsable(loads[first]!, choice)
  const isSecondUsable = isLoadUsable(loads[second]!, choice)
  if (!isFirstUsable && !isSecondUsable) return scan(loads, choice, first)
  if (!isFirstUsable || !isSecondUsable) {
    tellPick(choice.trace, 'other-passed-over', isFirstUsable ? second : first)
    return isFirstUsable ? first : second
  }
  const firstCost = costOf(loads[first]!, choice.nowUs)
  const secondCost = costOf(loads[second]!, choice.nowUs)
  const chosen = firstCost <= secondCost ? first : second
  tellPick(choice.trace, first === second ? 'only' : 'faster', chosen === first ? second : first)
  tellCosts(choice.trace, firstCost, secondCost)
  return chosen
}

/** What a pick depends on beside the loads. */
export interface Choice {
  readonly nowUs: number
  /** 0 to below 1. */
  readonly random: () => number
  readonly tried: readonly EndpointLoad[] | undefined
  /** Gets told why; `undefined`: nobody asks. */
  readonly trace?: PickTrace | undefined
}

/** Whether an endpoint can be connected to, as far as is known, and was not tried. */
export function isLoadUsable(load: EndpointLoad, choice: Choice): boolean {
  return load.avoidUntilUs <= choice.nowUs && choice.tried?.includes(load) !== true
}

/** Both draws were unlucky: any usable one, else the untried one that is avoided for the shortest time. */
function scan(loads: readonly EndpointLoad[], choice: Choice, from: number): number {
  let best = -1
  for (let step = 0; step < loads.length; step++) {
    const at = (from + step) % loads.length
    const load = loads[at]!
    if (isLoadUsable(load, choice)) {
      tellPick(choice.trace, 'next-usable')
      return at
    }
    if (choice.tried?.includes(load) === true) continue
    if (best === -1 || load.avoidUntilUs < loads[best]!.avoidUntilUs) best = at
  }
  tellPick(choice.trace, best === -1 ? 'none' : 'last-resort')
  return best
}
