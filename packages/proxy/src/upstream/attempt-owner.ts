import type { EndpointOutcome } from '@heddle/engine/outlier/outcome'
import type { ResponseHead } from '@heddle/http/message'
import type { ProxyError } from '../errors/proxy-error.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Attempt } from './attempt.ts'

/** Decides what follows when an attempt brought no answer. */
export interface AttemptOwner {
  /** No octet of the request left this proxy. */
  notSent(exchange: Exchange, attempt: Attempt, error: ProxyError): void
  /** The request was under way, and no head of an answer had come. */
  brokeOff(exchange: Exchange, attempt: Attempt, end: BrokenEnd): void
}

/** How an attempt broke off. */
export interface BrokenEnd {
  readonly error: ProxyError
  readonly trace: Trace
}

/**
 * Whether the server may have acted on a request that broke off. `none`: it said that it has not. `unlikely`: it closed an
 * idle connection at the moment in which we began to use it, or so it looks.
 */
export type Trace = 'none' | 'unlikely' | 'likely'

/** The head of an answer, and what it says of the endpoint. */
export interface AnswerHead {
  readonly head: ResponseHead
  readonly hasBody: boolean
  /** Of an answer that is nothing but its head. */
  readonly grpcStatus: number | undefined
  readonly outcome: EndpointOutcome
}

/** What an attempt depends on beside its exchange and its endpoint. */
export interface AttemptOptions {
  readonly owner: AttemptOwner
  /** Whether it runs beside another one, which gets the body as it comes; so all of that has to be there. */
  readonly isSecond: boolean
}
