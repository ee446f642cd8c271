import type { Draw } from './balancer.ts'
import type { Candidate } from './candidate.ts'
import { hashText, mix32 } from './hash.ts'
import type { Picker } from './picker.ts'
import { isUsable, type PickRules, scan } from './usability.ts'

/** Points on the ring per unit of weight: an endpoint's share then strays by 8 % from what is due to it (1/√160). */
const DEFAULT_RING_SIZE = 160
/** Of all endpoints together: 2 MB, and some 30 ms for each change. */
const MAX_POINTS = 2 ** 18
/** Steps along the ring to a usable endpoint, before any will do. */
const MAX_STEPS = 1024
/** Room for the owner's index beside the position, in one number of 53 bits. */
const INDEX_SPACE = 2 ** 21

/**
 * Consistent hashing as in Ketama: each endpoint has points on a ring, and a key belongs to the next one. When an endpoint goes
 * only its own keys move: about 1/n of them, at most 1.5/n with 160 points each. Its keys go to many others.
 *
 * The points depend on the endpoints' ids and weights alone, so that all clients agree. From 2^18 points on (1,638 endpoints of
 * weight 1) each has half, a quarter, ... of them.
 */
export class RingHash implements Picker {
  readonly #candidates: readonly Candidate[]
  readonly #rules: PickRules
  readonly #positions: Uint32Array
  readonly #owners: Uint32Array

  /** @param ringSize - points per unit of weight */
  constructor(candidates: readonly Candidate[], rules: PickRules, ringSize = DEFAULT_RING_SIZE) {
    this.#candidates = candidates
    this.#rules = rules
    const points = pointsOf(candidates, ringSize)
    this.#positions = new Uint32Array(points.length)
    this.#owners = new Uint32Array(points.length)
    for (const [at, point] of points.entries()) {
      this.#positions[at] = Math.floor(point / INDEX_SPACE)
      this.#owners[at] = point % INDEX_SPACE
    }
  }

  pick(draw: Draw): number {
    const position = draw.hashKey === undefined ? Math.floor(draw.random() * 2 ** 32) : hashText(draw.hashKey, 0)
    const first = this.#next(position)
    const steps = Math.min(MAX_STEPS, this.#owners.length)
    for (let step = 0; step < steps; step++) {
      const owner = this.#owners[(first + step) % this.#owners.length]!
      const candidate = this.#candidates[owner]!
      if (draw.trace !== undefined && !draw.trace.drawn.includes(candidate.id)) draw.trace.drawn.push(candidate.id)
      if (!isUsable(candidate, draw, this.#rules)) continue
      if (draw.trace !== undefined) draw.trace.reason = reasonOf(candidate, draw)
      return owner
    }
    return scan(this.#candidates, draw, this.#rules)
  }

  costAt(): undefined {
    return undefined
  }

  /** Index of the first point at or behind `position`, around the ring. */
  #next(position: number): number {
    let low = 0
    let high = this.#positions.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#positions[middle]! < position) low = middle + 1
      else high = middle
    }
    return low === this.#positions.length ? 0 : low
  }
}

/** Why the owner of a key was chosen, or the one behind it. */
export function reasonOf(candidate: Candidate, { hashKey, trace }: Draw): string {
  if (hashKey === undefined) return `the request has no key to hash; ${candidate.id} was drawn`
  const [owner] = trace?.drawn ?? []
  return owner === candidate.id
    ? `the key of the request belongs to ${candidate.id}`
    : `the key of the request belongs to ${owner}, which is passed over; ${candidate.id} comes next`
}

/** Position and owner of every point in one number, sorted. */
function pointsOf(candidates: readonly Candidate[], ringSize: number): Float64Array {
  let wanted = 0
  for (const { load } of candidates) wanted += load.weight * ringSize
  // By halves, so that the number of points stays the same while few endpoints come and go.
  const scale = 2 ** -Math.max(0, Math.ceil(Math.log2(wanted / MAX_POINTS)))
  const counts = candidates.map(({ load }) => Math.max(1, Math.round(load.weight * ringSize * scale)))
  const points = new Float64Array(counts.reduce((sum, count) => sum + count, 0))
  let at = 0
  for (const [index, { id }] of candidates.entries()) {
    const start = hashText(id, 1)
    const step = hashText(id, 2) | 1
    for (let point = 0; point < counts[index]!; point++) {
      points[at] = mix32(start + Math.imul(point, step)) * INDEX_SPACE + index
      at += 1
    }
  }
  return points.sort()
}
