import type { ConnectionLimitsJson } from '@heddle/api/discovery/policy'
import type { Limits } from '../limits.ts'

/** What bounds the connections to one endpoint. */
export interface EndpointLimits {
  readonly connections: number
  /** Requests under way; Infinity: not limited. */
  readonly requests: number
  /** Requests that wait for a connection. */
  readonly pending: number
  readonly connectMs: number
  /** Requests after which a connection takes no more; Infinity: not limited. */
  readonly requestsPerConnection: number
}

/** The proxy's own, where no policy says anything. */
export function usualLimits({ endpointConnections, endpointPending }: Limits, connectMs: number): EndpointLimits {
  return {
    connections: endpointConnections,
    requests: Number.POSITIVE_INFINITY,
    pending: endpointPending,
    connectMs,
    requestsPerConnection: Number.POSITIVE_INFINITY,
  }
}

/** Those of a policy; the usual ones for what it leaves out. */
export function limitsOf(policy: ConnectionLimitsJson | undefined, usual: EndpointLimits): EndpointLimits {
  if (policy === undefined) return usual
  return {
    connections: policy.maxConnectionsPerEndpoint || usual.connections,
    requests: policy.maxRequestsPerEndpoint || usual.requests,
    pending: policy.maxPendingRequests || usual.pending,
    connectMs: policy.connectTimeoutMs || usual.connectMs,
    requestsPerConnection: policy.maxRequestsPerConnection || usual.requestsPerConnection,
  }
}
