import { GRPC_STATUS_NAMES } from '@heddle/api/grpc-status'
import { PROXY_ERRORS } from '@heddle/api/proxy-errors'
import type { Log } from '@heddle/base/log'
import type { Exchange } from '../exchange/exchange.ts'
import { requestIdOf } from '../records/request-id.ts'
import type { Filter, Outcome } from './filter.ts'

/** Writes a line for each exchange, or only for those in which the proxy answered itself or broke off. */
export function accessLog(which: 'failures' | 'all', log: Log): Filter {
  return {
    name: 'access-log',
    onEnd(exchange, outcome) {
      if (outcome.error !== undefined) log.warn('request failed', toFailure(exchange, outcome))
      else if (which === 'all') log.info('request', toFields(exchange, outcome))
    },
  }
}

/** The path stays out of it: queries carry secrets. */
function toFields(exchange: Exchange, outcome: Outcome): Readonly<Record<string, unknown>> {
  const { direction, name, peerIdentity } = exchange.hop
  return {
    direction,
    destination: name,
    peer: peerIdentity,
    method: exchange.head.method,
    authority: exchange.head.authority,
    status: outcome.status,
    ...toRouteFields(exchange),
    ...toGrpcFields(exchange, outcome),
    latencyUs: Math.round(outcome.latencyUs),
    ...toUpgradeFields(outcome),
    requestBytes: outcome.requestBytes,
    responseBytes: outcome.responseBytes,
    attempts: outcome.attempts,
  }
}

/** Where routes are attached: which rule took the request, where it led, and what was made to go wrong. */
function toRouteFields({ decision, fault }: Exchange): Readonly<Record<string, unknown>> | undefined {
  if (decision === undefined) return undefined
  const route = decision.kind === 'own-endpoints' ? undefined : decision.rule?.id
  return { route, backend: decision.kind === 'forward' ? decision.backend.key : undefined, faults: fault?.reasons }
}

/** The path of gRPC names service and method, and has no query. */
function toGrpcFields(
  { grpc, head }: Exchange,
  { grpcStatus }: Outcome,
): Readonly<Record<string, unknown>> | undefined {
  if (grpc === undefined) return undefined
  const [path] = head.path.split('?', 1)
  return { grpcMethod: path, grpcStatus: grpcStatus === undefined ? undefined : GRPC_STATUS_NAMES[grpcStatus] }
}

function toUpgradeFields({ upgradeUs }: Outcome): Readonly<Record<string, unknown>> | undefined {
  return upgradeUs === undefined ? undefined : { upgradeUs: Math.round(upgradeUs) }
}

function toFailure(exchange: Exchange, outcome: Outcome): Readonly<Record<string, unknown>> {
  const { error, detail } = outcome
  const requestId = requestIdOf(exchange)
  return { ...toFields(exchange, outcome), requestId, error, detail, hint: error && PROXY_ERRORS[error].hint }
}
