import type { ServiceJson } from '@heddle/api/discovery'
import type { FaultJson } from '@heddle/api/discovery/route'
import { formatDurationMs } from '@heddle/base/duration'
import { answerOfFault } from '@heddle/engine/fault/answer'
import { formatOwnAnswer, type Spoken, toOwnAnswer } from '@heddle/engine/route/own-answer'
import { toIsoTime } from '../certificate-life.ts'

/** What else decides about requests for the Service: faults and a circuit breaker. */
export function describeService({ faults = [], circuitBreaker }: ServiceJson, request: Spoken): readonly string[] {
  const limits = circuitBreaker === undefined ? [] : [`limits requests by TrafficPolicy ${circuitBreaker.policy ?? ''}`]
  return [...limits, ...faults.map((fault) => describeFault(fault, request))]
}

/** One fault as a sentence. */
function describeFault(fault: FaultJson, request: Spoken): string {
  const percent = `${(fault.perMillion ?? 0) / 10_000} %`
  const until = fault.untilMs === undefined ? '' : ` until ${toIsoTime(BigInt(fault.untilMs))}`
  return `${describeAction(fault, request)} ${percent} of requests on purpose${until}, by FaultPolicy ${fault.policy ?? ''}`
}

function describeAction(fault: FaultJson, request: Spoken): string {
  if (fault.delayMs !== undefined) return `delays by ${formatDurationMs(fault.delayMs)}`
  const { abortStatus, abortGrpcStatus } = fault
  if (abortStatus !== undefined) return describeAbort({ kind: 'status', status: abortStatus }, request)
  if (abortGrpcStatus !== undefined) return describeAbort({ kind: 'grpc-status', status: abortGrpcStatus }, request)
  if (fault.reset === true) return 'resets'
  if (fault.throttleBytesPerSecond !== undefined) return `throttles to ${fault.throttleBytesPerSecond} bytes per second`
  return `truncates behind ${fault.truncateBodyBytes ?? 0} bytes`
}

function describeAbort(end: Parameters<typeof answerOfFault>[0], request: Spoken): string {
  return `answers with ${formatOwnAnswer(toOwnAnswer(answerOfFault(end), request))}`
}
