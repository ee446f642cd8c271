/** Of loopback: what the proxy sends here is meant for itself. Its loop guard (accept/loop-guard.ts) has the same. */
const SELF_ADDRESS = '127.0.0.6'

/** Ports and owner that the rules of a workload's network namespace are made of. */
export interface RedirectOptions {
  readonly family: 'ipv4' | 'ipv6'
  /** The proxy runs under this user id; its own connections are not redirected, or they would come back to it. */
  readonly proxyUid: number
  readonly outboundPort: number
  readonly inboundPort: number
}

/**
 * The nat table of a workload's network namespace, as `iptables-restore --noflush` and `ip6tables-restore --noflush` read
 * it: one transaction, so that there is no moment with half of the rules.
 *
 * Connections that the application opens go to the proxy's outbound listener, connections from outside to its inbound
 * listener; what stays on the loopback interface, as between the parts of one application and from the proxy to its
 * application, passes. An instance that calls itself through a Service goes through its proxy twice: what the proxy sends
 * to SELF_ADDRESS comes to its inbound listener.
 */
export function formatRedirectRules(options: RedirectOptions): string {
  const { family, proxyUid, outboundPort, inboundPort } = options
  const owner = `-m owner --uid-owner ${proxyUid}`
  return `${[
    '*nat',
    ':HEDDLE_INBOUND - [0:0]',
    ':HEDDLE_OUTPUT - [0:0]',
    '-A PREROUTING -p tcp -j HEDDLE_INBOUND',
    '-A OUTPUT -p tcp -j HEDDLE_OUTPUT',
    '-A HEDDLE_INBOUND -i lo -j RETURN',
    `-A HEDDLE_INBOUND -p tcp -j REDIRECT --to-ports ${inboundPort}`,
    ...(family === 'ipv4'
      ? [`-A HEDDLE_OUTPUT -d ${SELF_ADDRESS}/32 -p tcp ${owner} -j REDIRECT --to-ports ${inboundPort}`]
      : []),
    `-A HEDDLE_OUTPUT ${owner} -j RETURN`,
    '-A HEDDLE_OUTPUT -o lo -j RETURN',
    `-A HEDDLE_OUTPUT -p tcp -j REDIRECT --to-ports ${outboundPort}`,
    'COMMIT',
  ].join('\n')}\n`
}
