/** The addresses of one mesh on this host. */
export interface Subnet {
  /** First address of a /20, in network order. */
  readonly base: number
  /** The first 64 bits of an IPv6 unique local network (RFC 4193), like `fd12:3456:789a:1`. */
  readonly prefix6: string
}

/** Every instance has its number; 0 is the bridge itself. */
export const MAX_INSTANCES = 4000

const PREFIX_LENGTH = 20
const BLOCK = 2 ** (32 - PREFIX_LENGTH)
/** 10.192.0.0/11: far from what routers at home, clusters and container engines take first. */
const POOL_BASE = 10 * 2 ** 24 + 192 * 2 ** 16
const POOL_BLOCKS = 2 ** 21 / BLOCK

/**
 * Chooses a network that none of `taken` overlaps.
 *
 * @param taken - ranges in use, as routes name them: `10.0.0.0/8`, `192.0.2.1`
 * @param seed - 10 hex digits; meshes with different seeds seldom meet, and a mesh mostly gets the same one again
 * @returns `undefined` when the whole pool is taken
 */
export function chooseSubnet(taken: readonly string[], seed: string): Subnet | undefined {
  const ranges = taken.map(parseRange).filter((range) => range !== undefined)
  const start = Number.parseInt(seed.slice(0, 4), 16)
  const prefix6 = `fd${seed.slice(0, 2)}:${seed.slice(2, 6)}:${seed.slice(6, 10)}:1`
  for (let i = 0; i < POOL_BLOCKS; i++) {
    const base = POOL_BASE + ((start + i) % POOL_BLOCKS) * BLOCK
    const isFree = ranges.every((range) => range.last < base || range.first >= base + BLOCK)
    if (isFree) return { base, prefix6 }
  }
  return undefined
}

/** IPv4 address of instance `number`, or of the bridge for 0. */
export function address4(subnet: Subnet, number: number): string {
  const value = subnet.base + number + 1
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}

/** IPv6 address of instance `number`, or of the bridge for 0. */
export function address6(subnet: Subnet, number: number): string {
  return `${subnet.prefix6}::${(number + 1).toString(16)}`
}

/** The whole network as CIDR. */
export function cidr4(subnet: Subnet): string {
  return `${address4(subnet, -1)}/${PREFIX_LENGTH}`
}

/** Length of the IPv4 prefix; that of IPv6 is 64. */
export const PREFIX4 = PREFIX_LENGTH

interface Range {
  readonly first: number
  readonly last: number
}

/** `undefined` for what is no IPv4 range, such as `default`. */
function parseRange(text: string): Range | undefined {
  const [address = '', prefix = '32'] = text.split('/')
  const octets = address.split('.').map(Number)
  const bits = Number(prefix)
  if (octets.length !== 4 || octets.some((octet) => !(octet >= 0 && octet <= 255)) || !(bits > 0 && bits <= 32)) {
    return undefined
  }
  const size = 2 ** (32 - bits)
  const value = octets.reduce((sum, octet) => sum * 256 + octet, 0)
  const first = Math.floor(value / size) * size
  return { first, last: first + size - 1 }
}
