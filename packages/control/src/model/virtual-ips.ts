import { createHash } from 'node:crypto'
import { formatIp, type IpAddress, parseIp } from '@heddle/api/kinds/ip-address'

/**
 * Virtual addresses of one range, one owner each; without a range only such as are assigned. An owner's address is a hash of its name, so that it is the same
 * after each restart; where two names meet, the one that comes second gets the next free address.
 */
export class VirtualIps {
  readonly #family: 4 | 6
  readonly #first: bigint
  readonly #size: bigint
  readonly #ownerOf = new Map<string, string>()

  /**
   * @param range - `undefined`: none is allocated here
   * @throws {RangeError} when `range` is not CIDR, or holds fewer than four addresses
   */
  constructor(range: string | undefined) {
    if (range === undefined) {
      this.#family = 4
      this.#size = 0n
      this.#first = 0n
      return
    }
    const [text = '', prefix = '', ...more] = range.split('/')
    const base = parseIp(text)
    const bits = base?.family === 4 ? 32 : 128
    const hostBits = bits - Number(prefix)
    if (base === undefined || more.length > 0 || !/^\d{1,3}$/.test(prefix) || hostBits < 2) {
      throw new RangeError(`${range}: expected a range of at least four addresses like 10.96.0.0/12 or fd00::/108`)
    }
    this.#family = base.family
    this.#size = 1n << BigInt(hostBits)
    this.#first = (base.value / this.#size) * this.#size
  }

  /** Whether the address is of this range, given to anyone or not. */
  has(address: string): boolean {
    const ip = parseIp(address)
    if (ip === undefined || ip.family !== this.#family) return false
    return ip.value >= this.#first && ip.value < this.#first + this.#size
  }

  ownerOf(address: string): string | undefined {
    return this.#ownerOf.get(address)
  }

  /** Gives `address`, of this range or not, to `owner`, whoever had it before. */
  assign(address: string, owner: string): void {
    this.#ownerOf.set(address, owner)
  }

  release(address: string, owner: string): void {
    if (this.#ownerOf.get(address) === owner) this.#ownerOf.delete(address)
  }

  /**
   * Gives `owner` a free address.
   *
   * @returns `undefined` when none is left
   */
  allocate(owner: string): string | undefined {
    if (this.#size === 0n) return undefined
    const usable = this.#size - 2n
    const start = BigInt(`0x${createHash('sha256').update(owner).digest('hex').slice(0, 32)}`) % usable
    const tries = usable < BigInt(this.#ownerOf.size) ? usable : BigInt(this.#ownerOf.size + 1)
    for (let step = 0n; step < tries; step++) {
      const address = formatIp(this.#addressAt((start + step) % usable))
      if (this.#ownerOf.has(address)) continue
      this.#ownerOf.set(address, owner)
      return address
    }
    return undefined
  }

  /** Leaves out the first and last of the range, which have meanings of their own in IPv4 and IPv6. */
  #addressAt(offset: bigint): IpAddress {
    return { family: this.#family, value: this.#first + 1n + offset }
  }
}
