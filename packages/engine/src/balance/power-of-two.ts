import { type EndpointLoad, isLoadUsable } from '../balance.ts'
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
  readonly #loads: readonly EndpointLoad[]
  readonly #rules: PickRules
  readonly #cost: Cost

  constructor(candidates: readonly Candidate[], rules: PickRules, cost: Cost) {
    this.#candidates = candidates
    this.#loads = candidates.map(({ load }) => load)
    this.#rules = rules
    this.#cost = cost
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
      if (draw.trace !== undefined) draw.trace.drawn.push(this.#candidates[first]!.id, this.#candidates[second]!.id)
      if (!mayFirst && !maySecond) continue
      if (mayFirst && maySecond) return this.#cheaper(first, second, draw)
      const chosen = mayFirst ? first : second
      if (draw.trace !== undefined) draw.trace.reason = this.#tellOne(chosen, mayFirst ? second : first)
      return chosen
    }
    return scan(this.#candidates, draw, this.#rules)
  }

  costAt(index: number, nowUs: number): number {
    return this.#cost(this.#loads[index]!, nowUs)
  }

  #mayBeDrawn(index: number, draw: Draw): boolean {
    return mayBeDrawn(this.#candidates[index]!, draw, this.#rules)
  }

  #cheaper(first: number, second: number, { nowUs, trace }: Draw): number {
    const firstCost = this.costAt(first, nowUs)
    const secondCost = this.costAt(second, nowUs)
    const chosen = firstCost <= secondCost ? first : second
    if (trace !== undefined) {
      const other = chosen === first ? second : first
      trace.reason = this.#tellBoth(chosen, other, nowUs)
    }
    return chosen
  }

  #tellOne(chosen: number, other: number): string {
    return `${this.#candidates[chosen]!.id} was drawn; ${this.#candidates[other]!.id} as well, but is passed over`
  }

  #tellBoth(chosen: number, other: number, nowUs: number): string {
    const tell = (at: number) => `${formatCost(this.costAt(at, nowUs))} at ${this.#candidates[at]!.id}`
    if (chosen === other) return `${this.#candidates[chosen]!.id} is the only one`
    return `of two that were drawn, the next request costs ${tell(chosen)} and ${tell(other)}`
  }
}

function formatCost(cost: number): string {
  return cost >= 100 ? String(Math.round(cost)) : cost.toPrecision(3)
}
