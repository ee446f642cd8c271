import type { Draw } from './balancer.ts'
import type { Candidate } from './candidate.ts'
import { hashText, mix32 } from './hash.ts'
import { OwnerWalk } from './owner-walk.ts'
import type { Picker } from './picker.ts'
import type { PickRules } from './usability.ts'

/** Points on the ring per unit of weight: an endpoint's share then strays by 8 % from what is due to it (1/√160). */
const DEFAULT_RING_SIZE = 160
/** Of all endpoints together: 2 MB, and some 30 ms for each change. */
const MAX_POINTS = 2 ** 18
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
  readonly #positions: Uint32Array
  readonly #owners: OwnerWalk

  /** @param ringSize - points per unit of weight */
  constructor(candidates: readonly Candidate[], rules: PickRules, ringSize = DEFAULT_RING_SIZE) {
    const points = pointsOf(candidates, ringSize)
    this.#positions = Uint32Array.from(points, (point) => Math.floor(point / INDEX_SPACE))
    const owners = Uint32Array.from(points, (point) => point % INDEX_SPACE)
    this.#owners = new OwnerWalk(candidates, rules, owners)
  }

  pick(draw: Draw): number {
    const position = draw.hashKey === undefined ? Math.floor(draw.random() * 2 ** 32) : hashText(draw.hashKey, 0)
    return this.#owners.pick(this.#next(position), draw)
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
