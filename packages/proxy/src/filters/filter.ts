import type { ProxyErrorCode } from '@heddle/api/proxy-errors'
import type { Exchange } from '../exchange/exchange.ts'

/** An answer the proxy gives itself; the request goes no further. */
export interface LocalReply {
  readonly status: number
  /** What a client of gRPC gets in its place; left out: what the status stands for. */
  readonly grpcStatus?: number
  readonly headers?: Readonly<Record<string, string>>
  /** One sentence for the person who reads the response. */
  readonly body?: string
}

/** `undefined`: go on. */
export type Verdict = LocalReply | undefined

/** How an exchange ended; there is exactly one for each. */
export interface Outcome {
  /** What the client got; 0 when it got no head. */
  readonly status: number
  /** Of gRPC: 0 to 16, from the trailers or as the answer stands for it; `undefined` for other requests. */
  readonly grpcStatus: number | undefined
  /** Set when the proxy answered itself or broke off. */
  readonly error: ProxyErrorCode | undefined
  /** What happened, with names and numbers; empty when nothing did. */
  readonly detail: string
  /** Until the end of the answer; of a WebSocket, or another upgrade, until its head. */
  readonly latencyUs: number
  /** How long the upgraded stream lived from then on; `undefined` for other requests. */
  readonly upgradeUs: number | undefined
  readonly requestBytes: number
  readonly responseBytes: number
  /** Endpoints that were asked or tried. */
  readonly attempts: number
}

/**
 * One feature in the life of a request. Every phase is optional and they run in this order.
 *
 * Answer synchronously whenever you can: a promise costs more than most filters do.
 */
export interface Filter {
  readonly name: string
  /** After routing, before an upstream is chosen. */
  onRequest?(exchange: Exchange): Verdict | Promise<Verdict>
  /** After the upstream's head, before the first octet goes to the client. */
  onResponse?(exchange: Exchange): void
  /** Exactly once per request, also when it failed or was never forwarded. Must not throw. */
  onEnd?(exchange: Exchange, outcome: Outcome): void
}
