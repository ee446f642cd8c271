import { formatPortRanges } from './port-range.ts'
import type { SkipRules } from './redirect-rules.ts'

/** The rules of a pod as flags of the init program: what it redirects, and what a node's agent reads in the pod. */
export function redirectFlags(
  proxyUid: number,
  { inboundPorts, outboundPorts, subnets }: SkipRules,
): readonly string[] {
  return [
    `--proxy-uid=${proxyUid}`,
    ...(inboundPorts.length === 0 ? [] : [`--skip-inbound-ports=${formatPortRanges(inboundPorts)}`]),
    ...(outboundPorts.length === 0 ? [] : [`--skip-outbound-ports=${formatPortRanges(outboundPorts)}`]),
    ...(subnets.length === 0 ? [] : [`--skip-subnets=${subnets.join(',')}`]),
  ]
}
