import { isIP } from 'node:net'
import type { PortRange } from './port-range.ts'

/** Of loopback, two addresses: what the proxy sends there is meant for itself. Its loop guard (accept/loop-guard.ts) has the same. */
const SELF_ADDRESSES = '127.0.0.6/31'

/** Of IP. */
export type Family = 'ipv4' | 'ipv6'

/** Chains of ours in the nat table, by the chain of the kernel that leads there. */
export const REDIRECT_CHAINS = { PREROUTING: 'HEDDLE_INBOUND', OUTPUT: 'HEDDLE_OUTPUT' } as const

/** Ports and owner that the rules of a workload's network namespace are made of. */
export interface RedirectOptions {
  readonly family: Family
  /** The proxy runs under this user id; its own connections are not redirected, or they would come back to it. */
  readonly proxyUid: number
  readonly outboundPort: number
  readonly inboundPort: number
  /** What passes by the proxy; nothing unless given. */
  readonly skip?: SkipRules
  /** Chains of the kernel that lead to ours already, from an earlier time: they must not do so twice. */
  readonly joined?: readonly (keyof typeof REDIRECT_CHAINS)[]
}

/** What is not redirected. */
export interface SkipRules {
  readonly inboundPorts: readonly PortRange[]
  readonly outboundPorts: readonly PortRange[]
  /** CIDR, of both families: sources inbound, destinations outbound. */
  readonly subnets: readonly string[]
}

/**
 * The nat table of a workload's network namespace, as `iptables-restore --noflush` and `ip6tables-restore --noflush` read
 * it: one transaction, so that there is no moment with half of the rules. Chains of ours that are there are made anew.
 *
 * Connections that the application opens go to the proxy's outbound listener, connections from outside to its inbound
 * listener; what stays on the loopback interface, as between the parts of one application and from the proxy to its
 * application, passes. An instance that calls itself through a Service goes through its proxy twice: what the proxy sends
 * to SELF_ADDRESSES comes to its inbound listener.
 */
export function formatRedirectRules(options: RedirectOptions): string {
  const { family, proxyUid, outboundPort, inboundPort, skip = NOTHING, joined = [] } = options
  const owner = `-m owner --uid-owner ${proxyUid}`
  const subnets = skip.subnets.filter((subnet) => familyOf(subnet) === family)
  const joins = (['PREROUTING', 'OUTPUT'] as const).filter((chain) => !joined.includes(chain))
  return `${[
    '*nat',
    ':HEDDLE_INBOUND - [0:0]',
    ':HEDDLE_OUTPUT - [0:0]',
    ...joins.map((chain) => `-A ${chain} -p tcp -j ${REDIRECT_CHAINS[chain]}`),
    '-A HEDDLE_INBOUND -i lo -j RETURN',
    ...skip.inboundPorts.map((ports) => `-A HEDDLE_INBOUND -p tcp --dport ${formatPorts(ports)} -j RETURN`),
    ...subnets.map((subnet) => `-A HEDDLE_INBOUND -s ${subnet} -j RETURN`),
    `-A HEDDLE_INBOUND -p tcp -j REDIRECT --to-ports ${inboundPort}`,
    ...(family === 'ipv4'
      ? [`-A HEDDLE_OUTPUT -d ${SELF_ADDRESSES} -p tcp ${owner} -j REDIRECT --to-ports ${inboundPort}`]
      : []),
    `-A HEDDLE_OUTPUT ${owner} -j RETURN`,
    '-A HEDDLE_OUTPUT -o lo -j RETURN',
    ...skip.outboundPorts.map((ports) => `-A HEDDLE_OUTPUT -p tcp --dport ${formatPorts(ports)} -j RETURN`),
    ...subnets.map((subnet) => `-A HEDDLE_OUTPUT -d ${subnet} -j RETURN`),
    `-A HEDDLE_OUTPUT -p tcp -j REDIRECT --to-ports ${outboundPort}`,
    'COMMIT',
  ].join('\n')}\n`
}

const NOTHING: SkipRules = { inboundPorts: [], outboundPorts: [], subnets: [] }

function formatPorts({ first, last }: PortRange): string {
  return first === last ? String(first) : `${first}:${last}`
}

function familyOf(subnet: string): Family {
  return isIP(subnet.split('/')[0] ?? '') === 6 ? 'ipv6' : 'ipv4'
}
