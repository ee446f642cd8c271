import type { Exchange } from './exchange.ts'

/**
 * The open exchanges of one connection, and their deadlines. Linked through the exchanges themselves, so that one more costs
 * no allocation.
 */
export class ExchangeList {
  #first: Exchange | undefined
  #count = 0

  get count(): number {
    return this.#count
  }

  /** The one that was added last. */
  get latest(): Exchange | undefined {
    return this.#first
  }

  add(exchange: Exchange): void {
    const first = this.#first
    exchange.next = first
    if (first !== undefined) first.previous = exchange
    this.#first = exchange
    this.#count += 1
  }

  /** To be called once for each that was added. */
  remove(exchange: Exchange): void {
    const { next, previous } = exchange
    if (previous === undefined) this.#first = next
    else previous.next = next
    if (next !== undefined) next.previous = previous
    exchange.next = undefined
    exchange.previous = undefined
    this.#count -= 1
  }

  /** Times out those whose deadline has passed. @returns the earliest deadline of those that are left */
  expire(nowMs: number): number {
    const expired: Exchange[] = []
    for (let at = this.#first; at !== undefined; at = at.next) if (at.deadlineMs <= nowMs) expired.push(at)
    // One that ends may take others with it, so the list is not walked meanwhile.
    for (const exchange of expired) timeOut(exchange)
    let earliestMs = Number.POSITIVE_INFINITY
    for (let at = this.#first; at !== undefined; at = at.next) earliestMs = Math.min(earliestMs, at.deadlineMs)
    return earliestMs
  }
}

function timeOut(exchange: Exchange): void {
  try {
    exchange.timeOut()
  } catch (error) {
    // The others of its connection have nothing to do with it.
    exchange.failWith(error)
  }
}
