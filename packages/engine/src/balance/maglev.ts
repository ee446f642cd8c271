import { compareTexts } from '@heddle/base/compare-texts'
import type { Draw } from './balancer.ts'
import type { Candidate } from './candidate.ts'
import { hashText } from './hash.ts'
import { OwnerWalk } from './owner-walk.ts'
import type { Picker } from './picker.ts'
import type { PickRules } from './usability.ts'

/** A prime, as the algorithm needs. 128 KB, and some 10 ms for each change; ten times as much would stop the proxy for 0.15 s. */
const TABLE_SLOTS = 65_537

/**
 * Maglev hashing (D. Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, §3.4): a table of
 * slots, in which every endpoint has almost exactly its share: of up to 100 endpoints none strays by more than about 10 %. When an
 * endpoint goes, its own keys move, 1/n, and of all others mostly less than 1 in 100.
 */
export class Maglev implements Picker {
  readonly #owners: OwnerWalk

  constructor(candidates: readonly Candidate[], rules: PickRules) {
    this.#owners = new OwnerWalk(candidates, rules, fillTable(candidates))
  }

  pick(draw: Draw): number {
    const { hashKey, random } = draw
    const slot = hashKey === undefined ? Math.floor(random() * TABLE_SLOTS) : hashText(hashKey, 0) % TABLE_SLOTS
    return this.#owners.pick(slot, draw)
  }
}

/** Each endpoint in turn takes the next free slot of its own order of all slots; those of less weight sit some turns out. */
function fillTable(candidates: readonly Candidate[]): Uint16Array | Uint32Array {
  const table = candidates.length < 2 ** 16 ? new Uint16Array(TABLE_SLOTS) : new Uint32Array(TABLE_SLOTS)
  const isTaken = new Uint8Array(TABLE_SLOTS)
  const orders = toOrders(candidates)
  const heaviest = orders.reduce((most, { weight }) => Math.max(most, weight), 1)
  let free = TABLE_SLOTS
  for (let turn = 1; free > 0; turn++) {
    for (const order of orders) {
      if (turn * order.weight < order.taken * heaviest) continue
      order.taken += 1
      while (isTaken[order.slot] === 1) order.slot = (order.slot + order.step) % TABLE_SLOTS
      isTaken[order.slot] = 1
      table[order.slot] = order.index
      free -= 1
      if (free === 0) break
    }
  }
  return table
}

interface SlotOrder {
  readonly index: number
  readonly weight: number
  readonly step: number
  slot: number
  /** Turns taken, the next one included. */
  taken: number
}

/** Sorted by id, so that all clients agree whatever order they were told. */
function toOrders(candidates: readonly Candidate[]): SlotOrder[] {
  const byId = candidates.map(({ id, load }, index) => ({ id, index, weight: load.weight }))
  byId.sort((a, b) => compareTexts(a.id, b.id))
  return byId.map(({ id, index, weight }) => {
    return {
      index,
      weight,
      step: 1 + (hashText(id, 2) % (TABLE_SLOTS - 1)),
      slot: hashText(id, 1) % TABLE_SLOTS,
      taken: 1,
    }
  })
}
