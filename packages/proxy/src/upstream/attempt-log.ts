import type { ProxyErrorCode } from '@heddle/api/proxy-errors'
import type { Exchange } from '../exchange/exchange.ts'
import { nameRetry } from '../records/request-id.ts'
import type { Attempt } from './attempt.ts'

/** One try of a request, for whoever wants to know what happened. */
export interface LoggedAttempt {
  /** Id of the endpoint. */
  readonly endpoint: string
  readonly address: string
  /** Since the begin of the request, in µs. */
  readonly startedUs: number
  readonly durationUs: number
  /** 0: there was no answer. */
  readonly status: number
  readonly grpcStatus: number | undefined
  /** Code of the error table; empty: it was answered. */
  readonly error: ProxyErrorCode | ''
  readonly detail: string
  /** Why another try followed, or why none did although it failed; one sentence. */
  readonly next: string
  /** Why this endpoint, one sentence; empty: there was no choice. */
  readonly chosen: string
}

/** How a try ended. */
export interface AttemptEnd {
  /** Monotonic time, in µs. */
  readonly beganUs: number
  readonly status?: number
  readonly grpcStatus?: number | undefined
  readonly error?: ProxyErrorCode | ''
  readonly detail?: string
  readonly next?: string
}

/** More tries of one request are not kept. */
const MAX_LOGGED = 16

/** Keeps what became of a try. */
export function logAttempt(exchange: Exchange, attempt: Attempt, end: AttemptEnd): void {
  exchange.attemptLog ??= []
  if (!exchange.isEnded) nameRetry(exchange)
  if (exchange.attemptLog.length >= MAX_LOGGED) return
  const { beganUs, status = 0, grpcStatus, error = '', detail = '', next = '' } = end
  const { target } = attempt
  exchange.attemptLog.push({
    endpoint: target.id,
    address: target.endpoint.name,
    startedUs: beganUs - exchange.startedUs,
    durationUs: exchange.core.turn.nowUs() - beganUs,
    status,
    grpcStatus,
    error,
    detail,
    next,
    chosen: attempt.whyChosen,
  })
}
