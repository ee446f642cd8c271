import type { Draw } from './balancer.ts'
import type { Candidate } from './candidate.ts'
import { tellPick } from './pick-trace.ts'
import type { Picker } from './picker.ts'
import { isUsable, type PickRules, scan, warmthOf } from './usability.ts'

/**
 * Smooth weighted round robin: each endpoint has its next turn in virtual time, and after it another one 1/weight later; the
 * earliest turn comes first (earliest deadline first). A pick takes time that grows with the logarithm of the endpoints.
 */
export class RoundRobin implements Picker {
  readonly #candidates: readonly Candidate[]
  readonly #rules: PickRules
  /** When each has its turn; also kept with the candidate, for the balancer that comes after this one. */
  readonly #turns: Float64Array
  /** Binary heap of indices, the earliest turn on top. */
  readonly #heap: Uint32Array

  /** @param random - spreads the first turns, so that clients which start together do not all begin with the same endpoint */
  constructor(candidates: readonly Candidate[], rules: PickRules, random: () => number) {
    this.#candidates = candidates
    this.#rules = rules
    this.#turns = Float64Array.from(firstTurns(candidates, random))
    for (const [at, candidate] of candidates.entries()) candidate.turn = this.#turns[at]!
    this.#heap = Uint32Array.from(candidates.keys()).sort((a, b) => this.#turns[a]! - this.#turns[b]!)
  }

  pick(draw: Draw): number {
    for (let skipped = 0; skipped < this.#heap.length; skipped++) {
      const at = this.#heap[0]!
      const candidate = this.#candidates[at]!
      const isTurn = isUsable(candidate, draw, this.#rules)
      this.#passTurn(at, draw.nowUs)
      if (!isTurn) continue
      tellPick(draw.trace, 'turn')
      return at
    }
    return scan(this.#candidates, draw, this.#rules)
  }

  /** Gives the top of the heap its next turn. */
  #passTurn(at: number, nowUs: number): void {
    const candidate = this.#candidates[at]!
    const turn = this.#turns[at]! + 1 / (candidate.load.weight * warmthOf(candidate, nowUs, this.#rules.rampUs))
    this.#turns[at] = turn
    candidate.turn = turn
    this.#siftDown()
  }

  #siftDown(): void {
    const heap = this.#heap
    const turns = this.#turns
    const moved = heap[0]!
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && turns[heap[child + 1]!]! < turns[heap[child]!]!) child += 1
      if (turns[heap[child]!]! >= turns[moved]!) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = moved
  }
}

/** Known turns from 0 on, in their order; new endpoints come within the first round. */
function firstTurns(candidates: readonly Candidate[], random: () => number): number[] {
  let now = Number.POSITIVE_INFINITY
  for (const { turn } of candidates) if (turn < now) now = turn
  return candidates.map(({ turn, load }) => (Number.isNaN(turn) ? random() / load.weight : turn - now))
}
