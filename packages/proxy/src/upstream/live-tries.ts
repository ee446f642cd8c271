import type { EndpointLoad } from '@heddle/engine/balance'
import type { EndpointOutcome } from '@heddle/engine/outlier/outcome'
import type { ProxyError } from '../errors/proxy-error.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Outcome } from '../filters/filter.ts'
import type { Attempt } from './attempt.ts'
import { logAttempt } from './attempt-log.ts'
import type { BackendState } from './backend-state.ts'
import type { Try } from './try.ts'
import { outcomeOfExchange } from './try-outcome.ts'

/** The tries of one request that are under way: mostly one, with hedging more. Linked to each other, so that one needs no array. */
export class LiveTries {
  readonly #exchange: Exchange
  readonly #service: BackendState
  #first: Try | undefined
  #count = 0

  constructor(exchange: Exchange, service: BackendState) {
    this.#exchange = exchange
    this.#service = service
  }

  get count(): number {
    return this.#count
  }

  get first(): Try | undefined {
    return this.#first
  }

  get latest(): Try | undefined {
    let one = this.#first
    while (one?.next !== undefined) one = one.next
    return one
  }

  /** Of the endpoints that are being asked. */
  loads(): EndpointLoad[] {
    const loads: EndpointLoad[] = []
    for (let one = this.#first; one !== undefined; one = one.next) loads.push(one.attempt.target.endpoint.load)
    return loads
  }

  add(one: Try): void {
    const { latest } = this
    if (latest === undefined) this.#first = one
    else latest.next = one
    this.#count += 1
  }

  /**
   * It is not under way any more, and is not to be chosen again.
   * @returns its try; `undefined` when that was over already
   */
  drop(attempt: Attempt, outcome: EndpointOutcome): Try | undefined {
    const one = this.#take(attempt)
    if (one === undefined) return undefined
    one.deadline?.cancel()
    const exchange = this.#exchange
    exchange.tried ??= []
    exchange.tried.push(attempt.target.endpoint.load)
    this.#service.observe(attempt.target, outcome)
    return one
  }

  /** `attempt` has the answer: all others are for nothing. */
  settleOn(attempt: Attempt): void {
    let settled: Try | undefined
    for (let one = this.#first; one !== undefined; one = one.next) {
      if (one.attempt === attempt) {
        settled = one
        continue
      }
      one.deadline?.cancel()
      one.attempt.giveUp('another endpoint was faster')
      this.log(one, { next: 'another endpoint was faster' })
    }
    this.#first = settled
    this.#count = settled === undefined ? 0 : 1
    if (settled !== undefined) settled.next = undefined
  }

  /**
   * The exchange has ended, and they with it.
   * @param why - nothing followed on the answer
   * @returns what it says of the endpoints
   */
  end(outcome: Outcome, why: string): EndpointOutcome {
    const said = outcomeOfExchange(outcome)
    const first = this.#first
    this.#first = undefined
    this.#count = 0
    for (let one = first; one !== undefined; one = one.next) {
      const { attempt, beganUs, deadline } = one
      deadline?.cancel()
      attempt.giveUp('the exchange is over')
      this.#service.observe(attempt.target, said)
      if (this.#exchange.attemptLog === undefined && said === 'success') continue
      const { status, grpcStatus, error = '', detail } = outcome
      logAttempt(this.#exchange, attempt, { beganUs, status, grpcStatus, error, detail, next: why })
    }
    return said
  }

  /** Keeps what became of a try that brought no answer. */
  log({ attempt, beganUs }: Try, { error, next }: { readonly error?: ProxyError; readonly next: string }): void {
    const told = error === undefined ? {} : { error: error.code, detail: error.message }
    logAttempt(this.#exchange, attempt, { ...told, beganUs, next })
  }

  #take(attempt: Attempt): Try | undefined {
    let before: Try | undefined
    let one = this.#first
    while (one !== undefined && one.attempt !== attempt) {
      before = one
      one = one.next
    }
    if (one === undefined) return undefined
    if (before === undefined) this.#first = one.next
    else before.next = one.next
    one.next = undefined
    this.#count -= 1
    return one
  }
}
