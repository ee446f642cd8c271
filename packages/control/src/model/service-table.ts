import { canonicalIp, parseIp } from '@heddle/api/kinds/ip-address'
import { objectKey } from '@heddle/api/kinds/meta'
import { type IpFamily, isHeadless, type Service } from '@heddle/api/kinds/service'
import { SelectorIndex } from './selector-index.ts'
import { VirtualIps } from './virtual-ips.ts'

/** A Service with the virtual addresses in use. */
export interface ModelService {
  readonly service: Service
  /** IPv4 before IPv6; empty for headless Services and ExternalName. */
  readonly clusterIps: readonly string[]
}

/** A Service before and after a change. */
export interface ServiceChange {
  readonly before: ModelService | undefined
  readonly after: ModelService | undefined
}

/** Services by name, virtual address and selector. */
export class ServiceTable {
  readonly selectors = new SelectorIndex()
  readonly #byName = new Map<string, ModelService>()
  readonly #v4: VirtualIps
  readonly #v6: VirtualIps

  /** @param rangeV4 - and the other `undefined`: Services have the addresses that their objects say, of whatever range, and no others */
  constructor(rangeV4: string | undefined, rangeV6: string | undefined) {
    this.#v4 = new VirtualIps(rangeV4)
    this.#v6 = new VirtualIps(rangeV6)
  }

  get(namespace: string, name: string): ModelService | undefined {
    return this.byKey(objectKey({ namespace, name }))
  }

  /** @param key - `NAMESPACE/NAME` */
  byKey(key: string): ModelService | undefined {
    return this.#byName.get(key)
  }

  byAddress(address: string): ModelService | undefined {
    const owner = this.#v4.ownerOf(address) ?? this.#v6.ownerOf(address)
    return owner === undefined ? undefined : this.#byName.get(owner)
  }

  /** Whether an address is one of those that only Services can have. */
  isVirtual(address: string): boolean {
    return this.#v4.has(address) || this.#v6.has(address)
  }

  all(): Iterable<ModelService> {
    return this.#byName.values()
  }

  /**
   * Takes over new and removed Services. Addresses that files ask for are given first, whoever had them by chance
   * moves; the rest is given in the order of names, so that equal sets get equal addresses.
   */
  apply(upserted: readonly Service[], removed: readonly string[]): readonly ServiceChange[] {
    const before = new Map<string, ModelService | undefined>()
    for (const key of removed) this.#remove(key, before)
    for (const service of upserted) this.#remove(keyOf(service), before)
    const waiting = new Map(upserted.map((service) => [keyOf(service), service]))
    for (const service of upserted) {
      for (const moved of this.#takeWanted(service)) waiting.set(moved, this.#remove(moved, before)!.service)
    }
    for (const key of [...waiting.keys()].sort()) this.#add(waiting.get(key)!)
    return [...before].map(([key, old]) => ({ before: old, after: this.#byName.get(key) }))
  }

  #remove(key: string, before: Map<string, ModelService | undefined>): ModelService | undefined {
    const old = this.#byName.get(key)
    if (!before.has(key)) before.set(key, old)
    if (old === undefined) return undefined
    this.#byName.delete(key)
    this.selectors.remove(old.service)
    for (const address of old.clusterIps) this.#rangeOf(address).release(address, key)
    return old
  }

  /** @returns the names of Services that lost an address by it */
  #takeWanted(service: Service): string[] {
    const key = keyOf(service)
    return wantedIps(service).flatMap((address) => {
      const owner = this.byAddress(address)
      if (owner !== undefined && wantedIps(owner.service).includes(address)) return []
      this.#rangeOf(address).assign(address, key)
      return owner === undefined ? [] : [keyOf(owner.service)]
    })
  }

  #add(service: Service): void {
    const key = keyOf(service)
    const wanted = wantedIps(service).filter((address) => this.#rangeOf(address).ownerOf(address) === key)
    const clusterIps = wanted.length > 0 ? wanted : this.#allocate(service)
    this.#byName.set(key, { service, clusterIps })
    this.selectors.add(service)
  }

  #allocate(service: Service): string[] {
    return familiesOf(service).flatMap((family) => {
      const range = family === 'IPv4' ? this.#v4 : this.#v6
      return range.allocate(keyOf(service)) ?? []
    })
  }

  #rangeOf(address: string): VirtualIps {
    return parseIp(address)?.family === 6 ? this.#v6 : this.#v4
  }
}

function keyOf(service: Service): string {
  return objectKey(service.metadata)
}

/** Canonical, IPv4 first; empty where the file leaves it to us. */
function wantedIps(service: Service): string[] {
  if (isHeadless(service) || service.spec.type === 'ExternalName') return []
  const wanted = service.spec.clusterIPs.flatMap((address) => canonicalIp(address) ?? [])
  return wanted.toSorted((a, b) => Number(a.includes(':')) - Number(b.includes(':')))
}

/** Both families, unless the Service asks for one. */
function familiesOf(service: Service): readonly IpFamily[] {
  if (isHeadless(service) || service.spec.type === 'ExternalName') return []
  const { ipFamilies, ipFamilyPolicy } = service.spec
  if (ipFamilyPolicy === 'SingleStack') return [ipFamilies?.[0] ?? 'IPv4']
  return [...(ipFamilies ?? (['IPv4', 'IPv6'] as const))].sort()
}
