import { grpcStatusOfHttp } from '@heddle/api/grpc-status'
import { createFields, type Fields } from '@heddle/http/fields'
import type { ProxyError } from '../errors/proxy-error.ts'
import { toFailureReply } from '../exchange/local-reply.ts'
import type { LocalReply } from '../filters/filter.ts'
import type { GrpcCall } from './call.ts'
import { encodeGrpcMessage } from './message.ts'

/**
 * The same reply as an answer of gRPC: status 200, and all there is to say in the head ("Trailers-Only"). gRPC-Web knows this
 * form as well.
 */
export function toGrpcReply(call: GrpcCall, reply: LocalReply, error: ProxyError | undefined): LocalReply {
  const ownStatus = reply.grpcStatus ?? grpcStatusOfHttp(reply.status)
  const status = error === undefined ? ownStatus : call.statusOfFailure(error)
  call.answeredWith(status)
  return {
    status: 200,
    headers: { 'content-type': call.contentType, ...statusFields(status, reply), ...reply.headers },
  }
}

/** The trailers that end an answer which had begun when `error` broke it off. */
export function toGrpcTrailers(call: GrpcCall, error: ProxyError): Fields {
  const reply = toFailureReply(error)
  const status = call.statusOfFailure(error)
  return createFields(Object.entries({ ...statusFields(status, reply), ...reply.headers }))
}

function statusFields(status: number, { body = '' }: LocalReply): Readonly<Record<string, string>> {
  const message = encodeGrpcMessage(body)
  return message === '' ? { 'grpc-status': String(status) } : { 'grpc-status': String(status), 'grpc-message': message }
}
