/** How much of IPv6 a network namespace has. */
export type Ipv6State = 'none' | 'link-local' | 'global'

const GLOBAL_SCOPE = '00'

/** @param ifInet6 - text of `/proc/net/if_inet6`; `undefined`: the kernel has no IPv6 */
export function readIpv6State(ifInet6: string | undefined): Ipv6State {
  if (ifInet6 === undefined) return 'none'
  const addresses = ifInet6
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length === 6 && fields[5] !== 'lo')
  if (addresses.length === 0) return 'none'
  return addresses.some(([, , , scope]) => scope === GLOBAL_SCOPE) ? 'global' : 'link-local'
}

/**
 * Whether IPv4 leads anywhere from a network namespace, which it does not in a cluster of IPv6 alone.
 *
 * @param routes - text of `/proc/net/route`; `undefined`: it is not known, so it may
 */
export function hasIpv4Routes(routes: string | undefined): boolean {
  const [_columns, ...lines] = routes?.trimEnd().split('\n') ?? []
  return routes === undefined || lines.length > 0
}
