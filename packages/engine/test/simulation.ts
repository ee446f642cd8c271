import { createLoad, observeRtt } from '@heddle/engine/balance'
import { type Balancer, type BalancerKind, createBalancer } from '@heddle/engine/balance/balancer'
import { type Candidate, createCandidates } from '@heddle/engine/balance/candidate'
import { BALANCER_TYPES, seeded } from './candidates.ts'

const MS = 1000
const SECOND = 1000 * MS

/** One endpoint of a simulation: so many requests at a time, the others wait in its queue. */
export interface SimulatedServer {
  /** Mean time for one request, in ms, at a time of the run in seconds. */
  readonly serviceMs: (second: number) => number
  readonly atATime: number
}

/** What is simulated. */
export interface Simulation {
  readonly servers: readonly SimulatedServer[]
  readonly perSecond: number
  readonly seconds: number
  readonly seed: number
}

/** What came of it. */
export interface SimulationResult {
  /** Answer times, in ms, sorted. */
  readonly latenciesMs: readonly number[]
  /** Requests by endpoint. */
  readonly taken: readonly number[]
}

interface Request {
  readonly startedUs: number
  readonly endUs: number
  readonly at: number
}

/**
 * Runs requests that come at random times (Poisson) through one balancer. Service times are exponential, so that some requests take
 * long everywhere.
 */
export function simulate(kind: BalancerKind, simulation: Simulation): SimulationResult {
  const random = seeded(simulation.seed)
  const facts = simulation.servers.map((_one, at) => ({
    id: `shop/web-${at}:80`,
    region: '',
    zone: '',
    load: createLoad(1, 0),
  }))
  const candidates = createCandidates(facts, [], 0)
  const policy = { balancer: { type: BALANCER_TYPES[kind] } }
  const balancer = createBalancer(policy, candidates, { here: { region: '', zone: '' }, random })
  return run({ balancer, candidates, random, simulation })
}

function run(world: {
  readonly balancer: Balancer
  readonly candidates: readonly Candidate[]
  readonly random: () => number
  readonly simulation: Simulation
}): SimulationResult {
  const { balancer, candidates, random, simulation } = world
  /** When each of an endpoint's places is free again. */
  const places = simulation.servers.map(({ atATime }) => new Float64Array(atATime))
  const taken = candidates.map(() => 0)
  const latenciesMs: number[] = []
  let underWay: Request[] = []
  for (
    let nowUs = 0;
    nowUs < simulation.seconds * SECOND;
    nowUs += exponential(random, SECOND / simulation.perSecond)
  ) {
    const ended = underWay.filter(({ endUs }) => endUs <= nowUs).toSorted((a, b) => a.endUs - b.endUs)
    for (const request of ended) finish(candidates[request.at]!, request)
    underWay = underWay.filter(({ endUs }) => endUs > nowUs)
    const at = balancer.pick({ nowUs, random, tried: undefined })
    const serviceMs = simulation.servers[at]!.serviceMs(nowUs / SECOND)
    const endUs = occupy(places[at]!, nowUs, exponential(random, serviceMs * MS))
    candidates[at]!.load.inFlight += 1
    taken[at]! += 1
    underWay.push({ startedUs: nowUs, endUs, at })
    latenciesMs.push((endUs - nowUs) / MS)
  }
  return { latenciesMs: latenciesMs.toSorted((a, b) => a - b), taken }
}

function finish({ load }: Candidate, { startedUs, endUs }: Request): void {
  load.inFlight -= 1
  observeRtt(load, endUs - startedUs, endUs)
}

/** Takes the place that is free first. */
function occupy(places: Float64Array, nowUs: number, serviceUs: number): number {
  let first = 0
  for (const [at, freeUs] of places.entries()) if (freeUs < places[first]!) first = at
  const endUs = Math.max(nowUs, places[first]!) + serviceUs
  places[first] = endUs
  return endUs
}

function exponential(random: () => number, mean: number): number {
  return -Math.log(1 - random()) * mean
}

/** @param share - 0.99 for the 99th percentile */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}
