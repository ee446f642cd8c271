import { objectKey } from '@heddle/api/kinds/meta'
import type { Service, ServicePort } from '@heddle/api/kinds/service'
import { SetsByKey } from '@heddle/base/sets-by-key'
import type { Instance, InstanceState } from './instance.ts'
import type { InstanceAt } from './instance-index.ts'
import type { InstanceTable } from './instance-table.ts'

/** An address behind a Service. */
export interface ServiceAddress {
  /** In canonical form. */
  readonly address: string
  /** By the name of the Service's port: where it leads at this address. */
  readonly ports: readonly { readonly name: string; readonly port: number }[]
  readonly state: InstanceState
  /** Why it is not ready, one sentence; empty when ready. */
  readonly reason: string
  readonly region: string
  readonly zone: string
  /** Name of the host that has it; absent where it is not known. */
  readonly host?: string
}

/** Addresses that somebody wrote down for a Service, beside what its selector finds. All of them: they replace those before. */
export interface ServiceAddresses {
  readonly namespace: string
  readonly service: string
  readonly addresses: readonly ServiceAddress[]
}

/** Which Services have addresses of their own, and what is at those. */
export class ServiceAddressTable {
  readonly #instances: InstanceTable
  readonly #ofService = new Map<string, readonly ServiceAddress[]>()
  readonly #servicesAt = new SetsByKey<string>()

  constructor(instances: InstanceTable) {
    this.#instances = instances
  }

  set({ namespace, service, addresses }: ServiceAddresses): void {
    const key = `${namespace}/${service}`
    for (const { address } of this.#ofService.get(key) ?? []) this.#servicesAt.remove(address, key)
    if (addresses.length === 0) this.#ofService.delete(key)
    else this.#ofService.set(key, addresses)
    for (const { address } of addresses) this.#servicesAt.add(address, key)
  }

  /** `NAMESPACE/NAME` of the Services that have the address. */
  servicesAt(address: string): Iterable<string> {
    return this.#servicesAt.get(address)
  }

  /**
   * Where a port of a Service leads: to the known instance that has the address, else to an unmeshed one. Addresses of the family that
   * the Service asks for first are enough where there are any.
   */
  find({ metadata, spec }: Service, { name }: ServicePort): InstanceAt[] {
    const all = this.#ofService.get(objectKey(metadata))
    if (all === undefined) return []
    const family = spec.ipFamilies?.[0] ?? 'IPv4'
    const preferred = all.filter(({ address }) => address.includes(':') === (family === 'IPv6'))
    return (preferred.length > 0 ? preferred : all).flatMap((one) => {
      const port = one.ports.find((known) => known.name === name)?.port
      return port === undefined ? [] : this.#at(metadata, one, port)
    })
  }

  #at(service: Service['metadata'], one: ServiceAddress, port: number): InstanceAt {
    const { address, state, reason } = one
    const known = this.#instances.at(address, port)
    if (known === undefined)
      return { instance: toInstance(service, one), port: { name: '', port, address, addressPort: port } }
    // Who wrote the address down may take it out, and the instance itself may as well.
    const isWorse = known.instance.state === 'ready' && state !== 'ready'
    return isWorse ? { instance: { ...known.instance, state, reason }, port: known.port } : known
  }
}

function toInstance({ namespace, name }: Service['metadata'], one: ServiceAddress): Instance {
  const { address, state, reason, region, zone, host } = one
  return {
    namespace,
    instance: `${name}-${address.replaceAll(/[.:]/g, '-')}`,
    workload: name,
    serviceAccount: '',
    labels: {},
    ports: [],
    wholeAddresses: [address],
    region,
    zone,
    ...(host !== undefined && { host }),
    meshed: false,
    state,
    reason,
  }
}
