import { compareTexts } from '@heddle/base/compare-texts'
import { IndexedCache } from '@heddle/kube/indexed-cache'
import type { ServiceAddress, ServiceAddresses } from '../../model/service-addresses.ts'
import type { TrimmedEndpoint, TrimmedSlice } from './endpoint-slice.ts'
import type { Place } from './pod-set.ts'

/** EndpointSlices, put together by Service. */
export class SliceSet {
  readonly #placeOf: (node: string) => Place
  readonly #slices = new IndexedCache({
    service: (slice: TrimmedSlice) => [slice.service],
    node: (slice: TrimmedSlice) => slice.endpoints.map(({ node }) => node),
  })
  readonly #dirty = new Set<string>()

  /** @param placeOf - where a Node is */
  constructor(placeOf: (node: string) => Place) {
    this.#placeOf = placeOf
  }

  /** @param name - `NAMESPACE/NAME` of the slice */
  set(name: string, slice: TrimmedSlice | undefined): void {
    const before = slice === undefined ? this.#slices.delete(name) : this.#slices.set(name, slice)
    for (const one of [before, slice]) if (one !== undefined) this.#dirty.add(one.service)
  }

  /** To be called when it became known that a Node is somewhere else. */
  nodeMoved(node: string): void {
    for (const { service } of this.#slices.by('node', node)) this.#dirty.add(service)
  }

  /** The Services whose addresses became different since the last call. */
  take(): ServiceAddresses[] {
    const changed = [...this.#dirty].map((key) => this.#addressesOf(key))
    this.#dirty.clear()
    return changed
  }

  #addressesOf(key: string): ServiceAddresses {
    const [namespace = '', service = ''] = key.split('/')
    const addresses = new Map<string, ServiceAddress>()
    for (const name of [...this.#slices.namesBy('service', key)].sort()) {
      const { endpoints, ports } = this.#slices.get(name)!
      for (const endpoint of endpoints) this.#add(endpoint, ports, addresses)
    }
    return { namespace, service, addresses: [...addresses.values()].sort((a, b) => compareTexts(a.address, b.address)) }
  }

  /** An address that several slices have, each for some of the ports, is one. */
  #add(endpoint: TrimmedEndpoint, ports: ServiceAddress['ports'], addresses: Map<string, ServiceAddress>): void {
    const { state, reason, zone, node } = endpoint
    const place = this.#placeOf(node)
    for (const address of endpoint.addresses) {
      const known = addresses.get(address)
      const all = [...(known?.ports ?? []), ...ports]
      const where = { region: place.region, zone: zone || place.zone, ...(node !== '' && { host: node }) }
      addresses.set(address, { address, ports: all, state, reason, ...where })
    }
  }
}
