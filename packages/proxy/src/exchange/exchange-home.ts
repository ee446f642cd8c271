import type { HttpError } from '@heddle/http/errors'
import type { Filter } from '../filters/filter.ts'
import type { ProxyCore } from '../proxy-core.ts'
import type { Exchange } from './exchange.ts'
import type { Hop } from './hop.ts'
import type { HttpVersion } from './http-version.ts'

/** The accepted connection that an exchange lives on. */
export interface ExchangeHome {
  readonly core: ProxyCore
  readonly hop: Hop
  readonly filters: readonly Filter[]
  /** What is spoken on it. */
  readonly protocol: HttpVersion
  /** The client's address and port; a copy of a request has none. */
  readonly client?: string
  /** `Exchange.timeOut` has to be called at that time of the ticker, unless the exchange's deadline has moved by then. */
  expectBy(deadlineMs: number): void
  /** The client broke the protocol on the stream of an exchange, or on that and all others. */
  faulted(error: HttpError): void
  exchangeEnded(exchange: Exchange): void
}
