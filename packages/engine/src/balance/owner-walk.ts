import type { Draw } from './balancer.ts'
import type { Candidate } from './candidate.ts'
import { tellPick } from './pick-trace.ts'
import { isUsable, type PickRules, scan } from './usability.ts'

/** Places looked at for a usable endpoint, before any will do. */
const MAX_STEPS = 1024

/** A circle of places, each of which belongs to an endpoint: a ring with its points, or a table of slots. */
export class OwnerWalk {
  readonly #candidates: readonly Candidate[]
  readonly #rules: PickRules
  readonly #owners: Uint16Array | Uint32Array

  /** @param owners - indices into `candidates` */
  constructor(candidates: readonly Candidate[], rules: PickRules, owners: Uint16Array | Uint32Array) {
    this.#candidates = candidates
    this.#rules = rules
    this.#owners = owners
  }

  /** The first usable endpoint from the place `first` on; any, where there is none. */
  pick(first: number, draw: Draw): number {
    const owners = this.#owners
    const steps = Math.min(MAX_STEPS, owners.length)
    for (let step = 0; step < steps; step++) {
      const owner = owners[(first + step) % owners.length]!
      const candidate = this.#candidates[owner]!
      if (!isUsable(candidate, draw, this.#rules)) continue
      if (draw.hashKey === undefined) tellPick(draw.trace, 'no-key')
      else if (step === 0) tellPick(draw.trace, 'key')
      else tellPick(draw.trace, 'next-of-key', owners[first % owners.length]!)
      return owner
    }
    return scan(this.#candidates, draw, this.#rules)
  }
}
