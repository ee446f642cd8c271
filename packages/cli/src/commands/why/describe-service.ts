import type { ServiceJson } from '@heddle/api/discovery'
import type { FaultJson } from '@heddle/api/discovery/route'
import { GRPC_STATUS_NAMES } from '@heddle/api/grpc-status'
import { formatDurationMs } from '@heddle/base/duration'
import { toIsoTime } from '../certificate-life.ts'

/** What else decides about requests for the Service: faults and a circuit breaker. */
export function describeService({ faults = [], circuitBreaker }: ServiceJson): readonly string[] {
  const limits = circuitBreaker === undefined ? [] : [`limits requests by TrafficPolicy ${circuitBreaker.policy ?? ''}`]
  return [...limits, ...faults.map(describeFault)]
}

/** One fault as a sentence. */
function describeFault(fault: FaultJson): string {
  const percent = `${(fault.perMillion ?? 0) / 10_000} %`
  const until = fault.untilMs === undefined ? '' : ` until ${toIsoTime(BigInt(fault.untilMs))}`
  return `${describeAction(fault)} ${percent} of requests on purpose${until}, by FaultPolicy ${fault.policy ?? ''}`
}

function describeAction(fault: FaultJson): string {
  if (fault.delayMs !== undefined) return `delays by ${formatDurationMs(fault.delayMs)}`
  if (fault.abortStatus !== undefined) return `answers with status ${fault.abortStatus}`
  if (fault.abortGrpcStatus !== undefined)
    return `answers with gRPC ${GRPC_STATUS_NAMES[fault.abortGrpcStatus] ?? fault.abortGrpcStatus}`
  if (fault.reset === true) return 'resets'
  if (fault.throttleBytesPerSecond !== undefined) return `throttles to ${fault.throttleBytesPerSecond} bytes per second`
  return `truncates behind ${fault.truncateBodyBytes ?? 0} bytes`
}
