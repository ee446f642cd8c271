import { canonicalIp } from '@heddle/api/kinds/ip-address'
import { errorAt, type Finding } from '@heddle/api/manifest/finding'
import { CidrSet } from '@heddle/base/cidr'
import { isMap } from '@heddle/base/is-map'

/** They mean something else to each who connects: itself, its node (with what a cloud tells of it), or many at once. */
const SPECIAL = new CidrSet([
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '::/127',
  'fe80::/10',
  'ff00::/8',
])

/**
 * What is wrong with the addresses of a Workload of a cluster: as the API server has it for EndpointSlices, nobody may send others, or
 * the control plane's health checks, to what is on their own host.
 *
 * @param workload - as it is written
 */
export function findSpecialAddresses({ spec }: Readonly<Record<string, unknown>>): readonly Finding[] {
  const addresses = isMap(spec) && Array.isArray(spec.addresses) ? spec.addresses : []
  return addresses.flatMap((address: unknown, at) => {
    const isSpecial = typeof address === 'string' && SPECIAL.has(canonicalIp(address) ?? '')
    if (!isSpecial) return []
    return errorAt(['spec', 'addresses', at], 'an address of loopback, of a link or of a group is none of a cluster')
  })
}
