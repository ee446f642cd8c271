import { PROXY_PORTS } from '@heddle/api/proxy-ports'
import type { PortRange } from './port-range.ts'
import type { SkipRules } from './redirect-rules.ts'

/** Of the proxy itself: its admin interface, which answers on loopback only, and what kubelet and Prometheus ask. */
const OWN_PORTS: readonly PortRange[] = [single(PROXY_PORTS.admin), single(PROXY_PORTS.probe)]
/** Names are resolved as if there was no proxy, over TCP as well as over UDP. */
const DNS_PORTS: readonly PortRange[] = [single(53)]

/** What of a pod is never redirected, and what its author wants to be left alone. */
export function podSkipRules(wanted: SkipRules): SkipRules {
  return {
    inboundPorts: [...OWN_PORTS, ...wanted.inboundPorts],
    outboundPorts: [...DNS_PORTS, ...wanted.outboundPorts],
    subnets: wanted.subnets,
  }
}

function single(port: number): PortRange {
  return { first: port, last: port }
}
