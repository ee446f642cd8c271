import { BlockList, isIP } from 'node:net'

/** A set of IPv4 and IPv6 ranges. */
export class CidrSet {
  readonly #blocks = new BlockList()

  /** @throws {RangeError} naming the first range that is not CIDR */
  constructor(ranges: readonly string[]) {
    for (const range of ranges) {
      const [address = '', prefix = ''] = range.split('/')
      const version = isIP(address)
      const bits = Number(prefix)
      const isRange = version !== 0 && /^\d{1,3}$/.test(prefix) && bits <= (version === 4 ? 32 : 128)
      if (!isRange) throw new RangeError(`${range}: expected a range like 10.0.0.0/8 or fd00::/8`)
      this.#blocks.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6')
    }
  }

  /** Whether the IP literal is in one of the ranges; `false` for what is no IP literal. */
  has(address: string): boolean {
    const version = isIP(address)
    return version !== 0 && this.#blocks.check(address, version === 4 ? 'ipv4' : 'ipv6')
  }
}
