import { networkInterfaces } from 'node:os'
import type { HostPort } from '@heddle/base/host-port'

/** What a client may call the address that is listened on; of a wildcard, the addresses of all interfaces. */
export function ownAddresses({ host, port }: HostPort): HostPort[] {
  if (host !== '0.0.0.0' && host !== '::') return [{ host, port }]
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? [])
  return addresses.filter((address) => !address.includes('%')).map((address) => ({ host: address, port }))
}
