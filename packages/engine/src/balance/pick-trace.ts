/** What decided about a pick. */
export type PickReason =
  /** There was no other. */
  | 'only'
  /** There was no other at the level of locality that was drawn. */
  | 'nearest'
  /** Of two that were drawn, its next answer is expected to cost less; in µs, by what is under way and by weight. */
  | 'faster'
  /** Of two that were drawn, it has fewer requests, this one among them, by weight. */
  | 'fewer-requests'
  /** The other that was drawn cannot be used. */
  | 'other-passed-over'
  | 'turn'
  | 'drawn'
  /** The key of the request is its own. */
  | 'key'
  /** The other has the key, and cannot be used. */
  | 'next-of-key'
  /** Keys decide, and the request has none. */
  | 'no-key'
  /** Those that were drawn cannot be used. */
  | 'next-usable'
  /** None can be used. */
  | 'last-resort'
  /** All were tried. */
  | 'none'
  /** The session of the request is there. */
  | 'session'
  /** The request goes there once more, without a pick. */
  | 'again'

/** Why an endpoint was chosen. Changed in place by each pick that it is given to: it costs some stores and no memory. */
export interface PickTrace {
  reason: PickReason
  /** Index of the other one that was looked at; -1: there is none. */
  other: number
  /** What was compared, the lower the better; of the chosen one and of the other. */
  cost: number
  otherCost: number
}

/** Of a pick that is yet to be made. */
export function createPickTrace(): PickTrace {
  return { reason: 'none', other: -1, cost: 0, otherCost: 0 }
}

/** Writes down why. */
export function tellPick(trace: PickTrace | undefined, reason: PickReason, other = -1): void {
  if (trace === undefined) return
  trace.reason = reason
  trace.other = other
  trace.cost = 0
  trace.otherCost = 0
}

/** Writes down what was compared, of two endpoints of which the one that costs less was chosen. */
export function tellCosts(trace: PickTrace | undefined, one: number, another: number): void {
  if (trace === undefined) return
  trace.cost = Math.min(one, another)
  trace.otherCost = Math.max(one, another)
}

/**
 * Why the endpoint was chosen, in one sentence about "it"; empty where there was no choice.
 *
 * @param nameOf - of the endpoint with that index
 * @example "of two drawn it costs 31.2 ms, and shop/cart-1:80 64.0 ms"
 */
export function explainPick({ reason, other, cost, otherCost }: PickTrace, nameOf: (index: number) => string): string {
  switch (reason) {
    case 'faster':
      return `of two drawn it costs ${toMs(cost)}, and ${nameOf(other)} ${toMs(otherCost)}`
    case 'fewer-requests':
      return `of two drawn it would have ${toRequests(cost)}, and ${nameOf(other)} ${toRequests(otherCost)}`
    case 'other-passed-over':
      return `it was drawn, and ${nameOf(other)}, which is passed over`
    case 'next-of-key':
      return `the key of the request belongs to ${nameOf(other)}, which is passed over; it comes next`
    default:
      return SENTENCES[reason]
  }
}

const SENTENCES: Readonly<
  Record<Exclude<PickReason, 'faster' | 'fewer-requests' | 'other-passed-over' | 'next-of-key'>, string>
> = {
  only: '',
  nearest: 'of the places drawn by locality it is the only one',
  none: '',
  turn: 'it is its turn',
  drawn: 'it was drawn',
  key: 'the key of the request belongs to it',
  'no-key': 'the request has no key to hash, so it was drawn',
  'next-usable': 'those drawn are passed over, and it is the next that can be used',
  'last-resort': 'no endpoint can be used, and it is the first that will be',
  session: 'the session of the request is there',
  again: 'the request goes there once more',
}

function toMs(costUs: number): string {
  return `${(costUs / 1000).toFixed(1)} ms`
}

function toRequests(cost: number): string {
  return `${Number(cost.toFixed(2))} ${cost === 1 ? 'request' : 'requests'}`
}
