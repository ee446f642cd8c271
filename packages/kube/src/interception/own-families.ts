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
