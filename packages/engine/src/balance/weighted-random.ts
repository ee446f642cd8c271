import type { Draw } from './balancer.ts'
import type { Candidate } from './candidate.ts'
import { tellPick } from './pick-trace.ts'
import type { Picker } from './picker.ts'
import { isUsable, mayBeDrawn, type PickRules, scan, warmthOf } from './usability.ts'

/** Draws before all that may be drawn are added up: each one that is in vain leaves the proportions as they are. */
const ROUNDS = 8

/** Draws an endpoint in proportion to its weight. */
export class WeightedRandom implements Picker {
  readonly #candidates: readonly Candidate[]
  readonly #rules: PickRules
  /** Sum of the weights up to and with each endpoint. */
  readonly #sums: Float64Array

  constructor(candidates: readonly Candidate[], rules: PickRules) {
    this.#candidates = candidates
    this.#rules = rules
    this.#sums = new Float64Array(candidates.length)
    let sum = 0
    for (const [at, { load }] of candidates.entries()) {
      sum += load.weight
      this.#sums[at] = sum
    }
  }

  pick(draw: Draw): number {
    const total = this.#sums[this.#sums.length - 1]!
    for (let round = 0; round < ROUNDS; round++) {
      const at = this.#indexOf(draw.random() * total)
      if (!mayBeDrawn(this.#candidates[at]!, draw, this.#rules)) continue
      tellPick(draw.trace, 'drawn')
      return at
    }
    return this.#pickAmongUsable(draw)
  }

  /** The first whose sum is above `point`. */
  #indexOf(point: number): number {
    let low = 0
    let high = this.#sums.length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#sums[middle]! > point) high = middle
      else low = middle + 1
    }
    return low
  }

  #pickAmongUsable(draw: Draw): number {
    const shares = this.#candidates.map((candidate) =>
      isUsable(candidate, draw, this.#rules) ? shareOf(candidate, draw.nowUs, this.#rules.rampUs) : 0,
    )
    let point = draw.random() * shares.reduce((sum, share) => sum + share, 0)
    for (const [at, share] of shares.entries()) {
      if (share > 0 && point < share) {
        tellPick(draw.trace, 'drawn')
        return at
      }
      point -= share
    }
    return scan(this.#candidates, draw, this.#rules)
  }
}

function shareOf(candidate: Candidate, nowUs: number, rampUs: number): number {
  return candidate.load.weight * warmthOf(candidate, nowUs, rampUs)
}
