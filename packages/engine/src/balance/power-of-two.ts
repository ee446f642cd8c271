import type { EndpointLoad } from '../balance.ts'
import type { Draw } from './balancer.ts'
import type { Candidate } from './candidate.ts'
import type { Picker } from './picker.ts'
import { mayBeDrawn, type PickRules, scan } from './usability.ts'

/** What one more request at an endpoint costs; lower is better. */
export type Cost = (load: EndpointLoad, nowUs: number) => number

/** More draws than one are needed only where endpoints are passed over or start slowly. */
const ROUNDS = 4

/** The requests under way, by weight. */
export function leastRequestCost(load: EndpointLoad): number {
  return (load.inFlight + 1) / load.weight
}

/**
 * Power of two choices: of two endpoints drawn at random, the one whose next request costs less. M. Mitzenmacher, "The Power of
 * Two Choices in Randomized Load Balancing", 2001. What it costs does not depend on the number of endpoints.
 */
export class PowerOfTwo implements Picker {
  readonly #candidates: readonly Candidate[]
  readonly #rules: PickRules
  readonly #cost: Cost

  constructor(candidates: readonly Candidate[], rules: PickRules, cost: Cost) {
    this.#candidates = candidates
    this.#rules = rules
    this.#cost = cost
  }

  pick(draw: Draw): number {
    const candidates = this.#candidates
    const count = candidates.length
    for (let round = 0; round < ROUNDS; round++) {
      const first = Math.floor(draw.random() * count)
      // The second is drawn among the others, so that two endpoints are always both looked at.
      const second = count === 1 ? first : (first + 1 + Math.floor(draw.random() * (count - 1))) % count
      const mayFirst = mayBeDrawn(candidates[first]!, draw, this.#rules)
      const maySecond = mayBeDrawn(candidates[second]!, draw, this.#rules)
      if (draw.trace !== undefined) draw.trace.drawn.push(candidates[first]!.id, candidates[second]!.id)
      if (mayFirst && maySecond) return this.#cheaper(first, second, draw)
      if (mayFirst) return first
      if (maySecond) return second
    }
    return scan(candidates, draw, this.#rules)
  }

  costAt(index: number, nowUs: number): number {
    return this.#cost(this.#candidates[index]!.load, nowUs)
  }

  #cheaper(first: number, second: number, { nowUs, trace }: Draw): number {
    const firstCost = this.costAt(first, nowUs)
    const secondCost = this.costAt(second, nowUs)
    const chosen = firstCost <= secondCost ? first : second
    if (trace !== undefined && first !== second) {
      const other = chosen === first ? second : first
      const costs = [Math.min(firstCost, secondCost), Math.max(firstCost, secondCost)].map(Math.round)
      const ids = [this.#candidates[chosen]!.id, this.#candidates[other]!.id]
      trace.reason = `of two that were drawn, the next request costs ${costs[0]} at ${ids[0]} and ${costs[1]} at ${ids[1]}`
    }
    return chosen
  }
}
