import { type EndpointLoad, isLoadUsable } from '../balance.ts'
import type { Draw } from './balancer.ts'
import type { Candidate } from './candidate.ts'
import { type PickReason, tellCosts, tellPick } from './pick-trace.ts'
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
  readonly #loads: readonly EndpointLoad[]
  readonly #rules: PickRules
  readonly #cost: Cost
  readonly #reason: PickReason

  constructor(candidates: readonly Candidate[], rules: PickRules, cost: Cost) {
    this.#candidates = candidates
    this.#loads = candidates.map(({ load }) => load)
    this.#rules = rules
    this.#cost = cost
    this.#reason = cost === leastRequestCost ? 'fewer-requests' : 'faster'
  }

  pick(draw: Draw): number {
    const count = this.#loads.length
    // Then only the loads count, and no memory but theirs is touched: that halves the time among 10,000 endpoints.
    const isSettled = this.#candidates[0]!.group.settledUs + this.#rules.rampUs <= draw.nowUs
    for (let round = 0; round < ROUNDS; round++) {
      const first = Math.floor(draw.random() * count)
      // The second is drawn among the others, so that two endpoints are always both looked at.
      const second = count === 1 ? first : (first + 1 + Math.floor(draw.random() * (count - 1))) % count
      const mayFirst = isSettled ? isLoadUsable(this.#loads[first]!, draw) : this.#mayBeDrawn(first, draw)
      const maySecond = isSettled ? isLoadUsable(this.#loads[second]!, draw) : this.#mayBeDrawn(second, draw)
      if (!mayFirst && !maySecond) continue
      if (mayFirst && maySecond) return this.#cheaper(first, second, draw)
      tellPick(draw.trace, 'other-passed-over', mayFirst ? second : first)
      return mayFirst ? first : second
    }
    return scan(this.#candidates, draw, this.#rules)
  }

  #mayBeDrawn(index: number, draw: Draw): boolean {
    return mayBeDrawn(this.#candidates[index]!, draw, this.#rules)
  }

  #cheaper(first: number, second: number, { nowUs, trace }: Draw): number {
    const firstCost = this.#cost(this.#loads[first]!, nowUs)
    const secondCost = this.#cost(this.#loads[second]!, nowUs)
    const chosen = firstCost <= secondCost ? first : second
    tellPick(trace, first === second ? 'only' : this.#reason, chosen === first ? second : first)
    tellCosts(trace, firstCost, secondCost)
    return chosen
  }
}
