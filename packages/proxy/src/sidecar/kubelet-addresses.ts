import { isIP } from 'node:net'
import { CidrSet } from '@heddle/base/cidr'
import { readDefaultGateways } from '../platform/default-gateways.ts'

/**
 * The addresses that the kubelet of a pod's node may connect from. Which of the node's addresses that is, its routes decide: with links
 * of their own for pods, and with bridges, it is the one that pods have as their gateway.
 *
 * @param nodeAddresses - as the API server has them; empty: there is no node, and so no kubelet
 */
export function kubeletAddresses(
  nodeAddresses: readonly string[],
  readGateways: () => readonly string[] = readDefaultGateways,
): CidrSet {
  const addresses = nodeAddresses.length === 0 ? [] : [...nodeAddresses, ...readGateways()]
  return new CidrSet(addresses.map((address) => `${address}/${isIP(address) === 4 ? 32 : 128}`))
}
