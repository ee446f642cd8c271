import type { Fields } from '@heddle/http/fields'
import type { ProxyError } from '../errors/proxy-error.ts'
import type { LocalReply } from '../filters/filter.ts'
import { toGrpcReply, toGrpcTrailers } from '../grpc/reply.ts'
import { REQUEST_ID, requestIdOf } from '../records/request-id.ts'
import type { Exchange } from './exchange.ts'

/** A reply as the client of `exchange` understands it; of one that failed, with the id by which it can be asked for. */
export function toClientReply(exchange: Exchange, reply: LocalReply, error: ProxyError | undefined): LocalReply {
  const named =
    error === undefined ? reply : { ...reply, headers: { ...reply.headers, [REQUEST_ID]: requestIdOf(exchange) } }
  return exchange.grpc === undefined ? named : toGrpcReply(exchange.grpc, named, error)
}

/** Trailers of gRPC that tell why an answer which has begun breaks off; `undefined`: it has no place for any. */
export function toFailureTrailers(exchange: Exchange, error: ProxyError): Fields | undefined {
  const { grpc, response } = exchange
  if (grpc?.kind !== 'grpc' || response?.bodyLength !== undefined) return undefined
  const trailers = toGrpcTrailers(grpc, error)
  trailers.set(REQUEST_ID, requestIdOf(exchange))
  return trailers
}
