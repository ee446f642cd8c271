import { readFileSync } from 'node:fs'

/** Where packets of this network namespace go that no other route is for; none where the system does not say. */
export function readDefaultGateways(): readonly string[] {
  return [...parseRoutes(read('/proc/net/route')), ...parseIpv6Routes(read('/proc/net/ipv6_route'))]
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    // No procfs, as on macOS, or a kernel without that family.
    return ''
  }
}

/** Reads the gateways of default routes from the text of /proc/net/route, which has addresses as little-endian numbers in hex. */
export function parseRoutes(text: string): readonly string[] {
  const columns = text.split('\n').map((line) => line.split(/\s+/))
  return columns
    .filter(([, destination, gateway, , , , , mask]) => {
      return destination === '00000000' && mask === '00000000' && gateway !== '00000000'
    })
    .map(([, , gateway = '']) => Buffer.from(gateway, 'hex').reverse().join('.'))
}

const UNSPECIFIED = '0'.repeat(32)

/** The same of /proc/net/ipv6_route. Groups keep their leading zeros. */
export function parseIpv6Routes(text: string): readonly string[] {
  const columns = text.split('\n').map((line) => line.split(/\s+/))
  return columns
    .filter(([destination, bits, , , gateway = UNSPECIFIED]) => {
      return destination === UNSPECIFIED && bits === '00' && gateway !== UNSPECIFIED
    })
    .map(([, , , , gateway = '']) => gateway.match(/.{4}/g)!.join(':'))
}
