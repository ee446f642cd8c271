import { mayHedge } from '@heddle/engine/retry/hedge'
import type { Exchange } from '../exchange/exchange.ts'
import { inTurn } from '../exchange/in-turn.ts'
import type { Deadline } from '../grpc/deadlines.ts'
import type { LiveTries } from './live-tries.ts'
import type { Target } from './target.ts'
import type { Treatment } from './treatment.ts'

/** Whose request it is. */
export interface HedgeOwner {
  readonly live: LiveTries
  /** One that is neither tried nor being tried. */
  pickBeside(): Target | undefined
  sendBeside(target: Target): void
}

const NO_METHODS: ReadonlySet<string> = new Set()

/** Sends a request once more, to another endpoint, when the first one is silent for long. */
export class Hedging {
  readonly #owner: HedgeOwner
  readonly #exchange: Exchange
  readonly #treatment: Treatment
  #deadline: Deadline | undefined

  private constructor(owner: HedgeOwner, exchange: Exchange, treatment: Treatment) {
    this.#owner = owner
    this.#exchange = exchange
    this.#treatment = treatment
  }

  /** Begins to wait. */
  static start(owner: HedgeOwner, exchange: Exchange, treatment: Treatment): Hedging {
    const hedging = new Hedging(owner, exchange, treatment)
    hedging.#wait(treatment.service.hedging?.afterMs ?? 0)
    return hedging
  }

  cancel(): void {
    this.#deadline?.cancel()
  }

  #wait(ms: number): void {
    const { core, head, isEnded } = this.#exchange
    if (ms === 0 || isEnded || head.upgrade !== undefined) return
    const owner = { deadlinePassed: () => inTurn(this.#exchange, () => this.#ask()) }
    this.#deadline = core.deadlines.add(core.turn.nowUs() + ms * 1000, owner)
  }

  #ask(): void {
    const exchange = this.#exchange
    const { live } = this.#owner
    const { latest } = live
    if (exchange.isEnded || exchange.isAnswered || latest === undefined) return
    const { service, retry } = this.#treatment
    const nowUs = exchange.core.turn.nowUs()
    const facts = {
      tries: live.count,
      silentMs: (nowUs - latest.beganUs) / 1000,
      method: exchange.head.method,
      methods: retry?.methods ?? NO_METHODS,
      isAnswerBegun: false,
      canReplay: exchange.mayRewind && (exchange.isRequestOver || exchange.head.bodyLength === 0),
    }
    const target = this.#owner.pickBeside()
    if (target === undefined) return
    const verdict = mayHedge(service.hedging, facts, { budget: service.budget, nowMs: nowUs / 1000 })
    if (verdict.kind === 'wait') this.#wait(verdict.ms)
    if (verdict.kind !== 'send') return
    this.#owner.sendBeside(target)
    this.#wait(service.hedging?.afterMs ?? 0)
  }
}
