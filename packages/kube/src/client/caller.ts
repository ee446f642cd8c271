import type { Clock } from '@heddle/base/clock'
import type { KubeRequest } from './client.ts'
import { type Deadline, startDeadline } from './deadline.ts'
import { exchange, type Failure, type HttpCall, type OpenedStream, type Outcome, openAnswer } from './exchange.ts'
import type { ClusterAccess, Credentials } from './kubeconfig.ts'
import { type ListPart, streamList } from './list-stream.ts'
import { nextTry } from './next-try.ts'
import { RateGate } from './rate-gate.ts'
import { type StreamPart, streamLines } from './watch-stream.ts'

/** How calls are bounded, and what they say of themselves. */
export interface CallerLimits {
  readonly clock: Clock
  readonly userAgent: string
  readonly deadlineMs: number
  readonly maxAnswerBytes: number
  readonly perSecond: number
  readonly burst: number
}

/** What came of a call, all tries included. */
export type CallOutcome = Outcome | DeadlinePassed

interface DeadlinePassed extends Omit<Failure, 'reason'> {
  readonly reason: 'deadline'
}

/**
 * Makes calls to one API server. HTTP/1.1 with connections that are kept is enough: calls are few and short, and a watch that has
 * a connection of its own (one per resource) cannot be held up by another one's events, as streams of one HTTP/2 connection can.
 */
export class Caller {
  readonly #access: ClusterAccess
  readonly #limits: CallerLimits
  readonly #gate: RateGate

  constructor(access: ClusterAccess, limits: CallerLimits) {
    this.#access = access
    this.#limits = limits
    this.#gate = new RateGate(limits, limits.clock)
  }

  /** Does the call, and again where that is asked for. Throws only what the credentials' source throws. */
  async call(request: KubeRequest): Promise<CallOutcome> {
    const deadline = this.#startDeadline(request)
    try {
      const outcome = await this.#tryUntil(deadline, request, exchange)
      return this.#sayDeadline(outcome, request)
    } finally {
      deadline.end()
    }
  }

  /** The answer as a list that is read item by item; a refusal or a failure is its last part. */
  async *list(request: KubeRequest): AsyncGenerator<Exclude<ListPart, Failure> | CallOutcome> {
    const deadline = this.#startDeadline(request)
    try {
      const opened = await this.#tryUntil(deadline, request, openAnswer)
      if (opened.kind !== 'stream') yield this.#sayDeadline(opened, request)
      else {
        for await (const part of streamList(opened.response, this.#limits.maxAnswerBytes, deadline)) {
          yield part.kind === 'failure' ? this.#sayDeadline(part, request) : part
        }
      }
    } finally {
      deadline.end()
    }
  }

  /** The answer as a stream of lines; its first part may be a refusal. */
  async *stream(request: KubeRequest, silenceMs: number, signal: AbortSignal): AsyncGenerator<StreamPart> {
    await this.#gate.pass(signal)
    const call = this.#toHttp(request, await this.#access.credentials())
    for await (const part of streamLines(call, { clock: this.#limits.clock, silenceMs }, signal)) {
      if (part.kind === 'answer' && part.status === 401) this.#access.forgetCredentials()
      yield part
    }
  }

  #deadlineMs(request: KubeRequest): number {
    return request.deadlineMs ?? this.#limits.deadlineMs
  }

  #startDeadline(request: KubeRequest): Deadline {
    return startDeadline(this.#limits.clock, this.#deadlineMs(request), request.signal)
  }

  /** An abort that did not come from the caller is that of the deadline. */
  #sayDeadline(outcome: Outcome, request: KubeRequest): CallOutcome {
    const isOver = outcome.kind === 'failure' && outcome.reason === 'aborted' && request.signal?.aborted !== true
    if (!isOver) return outcome
    return { ...outcome, reason: 'deadline', message: `no answer within ${this.#deadlineMs(request)} ms` }
  }

  async #tryUntil<T extends Outcome | OpenedStream>(
    deadline: Deadline,
    request: KubeRequest,
    attempt: (call: HttpCall, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const isIdempotent = mayRepeat(request)
    for (let tries = 1; ; tries++) {
      await this.#gate.pass(deadline.signal)
      const call = this.#toHttp(request, await this.#access.credentials())
      const outcome = await attempt(call, deadline.signal)
      if (outcome.kind === 'stream') return outcome
      const next = nextTry({ outcome, isIdempotent, tries, leftMs: deadline.leftMs() })
      if (next === undefined) return outcome
      if (next.isUnauthorized) this.#access.forgetCredentials()
      if (next.afterMs > 0) await this.#limits.clock.sleep(next.afterMs, deadline.signal)
    }
  }

  #toHttp({ method, path, body, query, contentType }: KubeRequest, { headers, agent }: Credentials): HttpCall {
    const { userAgent, maxAnswerBytes } = this.#limits
    const search = query === undefined ? '' : `?${new URLSearchParams(query)}`
    const type = body === undefined ? {} : { 'Content-Type': contentType ?? 'application/json' }
    return {
      method,
      url: `${this.#access.server}${path}${search === '?' ? '' : search}`,
      headers: { Accept: 'application/json', 'User-Agent': userAgent, ...type, ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      agent,
      maxAnswerBytes,
    }
  }
}

function mayRepeat({ method, contentType, isIdempotent }: KubeRequest): boolean {
  return isIdempotent ?? (method !== 'POST' && contentType !== 'application/json-patch+json')
}
