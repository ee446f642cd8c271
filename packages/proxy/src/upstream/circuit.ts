import type { CircuitBreakerJson } from '@heddle/api/discovery/route'
import { type Admission, CircuitBreaker, type RequestEnd, toCircuitOptions } from '@heddle/engine/circuit'
import { ProxyError } from '../errors/proxy-error.ts'
import type { Deadline, DeadlineOwner } from '../grpc/deadlines.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { ServiceCounters, TrippedCircuit } from './resilience-counters.ts'

/** Somebody who wants to send a request; gets exactly one of the two, unless it quits. */
export interface CircuitGuest {
  /** @param isProbe - to be told to {@link Circuit.leave} */
  admitted(isProbe: boolean): void
  refused(error: ProxyError): void
}

/** What a circuit is made of. */
export interface CircuitParts {
  /** Of the rule or Service, for people. */
  readonly name: string
  readonly json: CircuitBreakerJson
  readonly counters: ServiceCounters
}

/** Place in the queue of a circuit. */
export interface CircuitPlace {
  /** The longest it is kept. */
  readonly timeoutMs: number
  /** Safe to call at any time. */
  quit(): void
}

/** The circuit breaker of one rule or Service, with those who wait for it. */
export class Circuit implements TrippedCircuit {
  /** Whether endpoints that ask for it are left alone. */
  readonly honoursRetryAfter: boolean
  readonly #parts: CircuitParts
  readonly #core: ProxyCore
  readonly #breaker: CircuitBreaker
  readonly #waiting = new Set<Waiting>()
  #isServing = false
  #isRetired = false

  constructor(parts: CircuitParts, core: ProxyCore) {
    const options = toCircuitOptions(parts.json)
    this.honoursRetryAfter = options.honoursRetryAfter
    this.#parts = parts
    this.#core = core
    this.#breaker = new CircuitBreaker(options)
  }

  get state(): CircuitBreaker['state'] {
    return this.#breaker.state
  }

  get isTripped(): boolean {
    return !this.#isRetired && this.#breaker.state !== 'closed'
  }

  /** Another one has taken its place. */
  retire(): void {
    this.#isRetired = true
  }

  /** Asks for `guest`, who hears of it before this returns, or is queued. */
  ask(guest: CircuitGuest): CircuitPlace | undefined {
    const admission = this.#breaker.ask(this.#nowMs())
    if (admission.kind !== 'wait') {
      this.#tell(guest, admission)
      return undefined
    }
    const waiting = new Waiting(guest, admission.timeoutMs, this)
    this.#waiting.add(waiting)
    waiting.deadline = this.#core.deadlines.add(this.#core.turn.nowUs() + admission.timeoutMs * 1000, waiting)
    return waiting
  }

  /** One that was admitted has ended. */
  leave(end: RequestEnd): void {
    const before = this.#breaker.state
    this.#breaker.leave(end, this.#nowMs())
    const { state } = this.#breaker
    if (state !== before) this.#changed(state)
    // One that goes on may end before this returns: then the one after it is the business of the loop that is under way.
    if (this.#isServing) return
    this.#isServing = true
    try {
      this.#serve()
    } finally {
      this.#isServing = false
    }
  }

  #serve(): void {
    while (this.#breaker.hasNext) {
      const [next] = this.#waiting
      if (next === undefined) return
      this.#forget(next)
      this.#tell(next.guest, this.#breaker.askAgain(this.#nowMs()))
    }
  }

  /** For {@link Waiting} only. */
  quit(waiting: Waiting): void {
    if (!this.#waiting.has(waiting)) return
    this.#forget(waiting)
    this.#breaker.quit()
  }

  /** For {@link Waiting} only. */
  waitedTooLong(waiting: Waiting): void {
    this.quit(waiting)
    const { turn } = this.#core
    turn.enter()
    try {
      const detail = `${this.#name}: ${this.#breaker.requests} requests are under way, and none ended while this one waited`
      this.#refuse(waiting.guest, new ProxyError('circuit_overflow', detail))
    } finally {
      turn.leave()
    }
  }

  get #name(): string {
    const { name, json } = this.#parts
    return json.policy === undefined || json.policy === '' ? name : `${name}, policy ${json.policy}`
  }

  #forget(waiting: Waiting): void {
    this.#waiting.delete(waiting)
    waiting.deadline?.cancel()
  }

  #tell(guest: CircuitGuest, admission: Admission): void {
    switch (admission.kind) {
      case 'go':
        guest.admitted(admission.isProbe)
        return
      case 'refuse': {
        const code = admission.cause === 'circuit_open' ? 'circuit_open' : 'circuit_overflow'
        const { reason, retryAfterMs } = admission
        const error = new ProxyError(code, `${this.#name}: ${reason}`)
        error.retryAfterMs = retryAfterMs
        this.#refuse(guest, error)
        return
      }
      case 'wait':
        throw new Error('one that has waited is not queued again')
    }
  }

  #refuse(guest: CircuitGuest, error: ProxyError): void {
    this.#parts.counters.circuitRefused(error.code)
    guest.refused(error)
  }

  #changed(state: CircuitBreaker['state']): void {
    const about = { circuit: this.#parts.name, policy: this.#parts.json.policy ?? '' }
    if (state === 'open') {
      this.#parts.counters.circuitOpened(this)
      this.#core.log.warn('circuit opened', about)
    } else if (state === 'closed') this.#core.log.info('circuit closed', about)
  }

  #nowMs(): number {
    return this.#core.turn.nowUs() / 1000
  }
}

class Waiting implements CircuitPlace, DeadlineOwner {
  readonly guest: CircuitGuest
  readonly timeoutMs: number
  deadline: Deadline | undefined
  readonly #circuit: Circuit

  constructor(guest: CircuitGuest, timeoutMs: number, circuit: Circuit) {
    this.guest = guest
    this.timeoutMs = timeoutMs
    this.#circuit = circuit
  }

  quit(): void {
    this.#circuit.quit(this)
  }

  deadlinePassed(): void {
    this.#circuit.waitedTooLong(this)
  }
}
