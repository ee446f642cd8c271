import { create } from '@bufbuild/protobuf'
import { type Fault, FaultSchema } from '@heddle/api/discovery/route'
import { GRPC_STATUS } from '@heddle/api/grpc-status'
import type * as Kind from '@heddle/api/kinds/fault-policy'
import { shareOf } from '@heddle/api/kinds/route-filters'
import { toMs } from './duration.ts'
import { nameOf } from './in-force.ts'
import { translateHeaderMatch } from './route-match.ts'

/** The faults of a policy as proxies are told, in its order. Pure: those whose time is over are told too. */
export function translateFaults(policy: Kind.FaultPolicy): Fault[] {
  const { faults, seed, until } = policy.spec
  return faults.map((fault) => {
    const { numerator, denominator } = shareOf(fault)
    return create(FaultSchema, {
      policy: nameOf(policy),
      perMillion: Math.round((1_000_000 * numerator) / denominator),
      exact: fault.exact,
      seed,
      headers: fault.headers.map(translateHeaderMatch),
      untilMs: BigInt(Date.parse(until)),
      action: toAction(fault),
    })
  })
}

function toAction(fault: Kind.Fault): Fault['action'] {
  const { delay, abortStatus, abortGrpcStatus, throttleBytesPerSecond, truncateBodyBytes } = fault
  if (delay !== undefined) return { case: 'delayMs', value: toMs(delay) }
  if (abortStatus !== undefined) return { case: 'abortStatus', value: abortStatus }
  if (abortGrpcStatus !== undefined) return { case: 'abortGrpcStatus', value: GRPC_STATUS[abortGrpcStatus] }
  if (throttleBytesPerSecond !== undefined) return { case: 'throttleBytesPerSecond', value: throttleBytesPerSecond }
  if (truncateBodyBytes !== undefined) return { case: 'truncateBodyBytes', value: truncateBodyBytes }
  return { case: 'reset', value: true }
}
