import { canonicalIp } from '@heddle/api/kinds/ip-address'
import type { Workload } from '@heddle/api/kinds/workload'
import { SetsByKey } from '@heddle/base/sets-by-key'
import { type Instance, type InstanceHealth, instanceKey } from './instance.ts'

/** An entry of a Workload's `spec.addresses`. */
export interface Listed {
  readonly workload: Workload
  /** In canonical form. */
  readonly address: string
}

const READY: InstanceHealth = { state: 'ready', reason: '' }

/** The instances that Workloads list by their addresses, as `WORKLOAD-0`, `WORKLOAD-1`, ..., with what was found of their health. */
export class ListedInstances {
  readonly #listed = new Map<string, Listed>()
  readonly #at = new SetsByKey<string>()
  readonly #health = new Map<string, InstanceHealth>()

  get(key: string): Listed | undefined {
    return this.#listed.get(key)
  }

  /** Keys of those at an address, in canonical form. */
  at(address: string): ReadonlySet<string> {
    return this.#at.get(address)
  }

  /** @returns keys of the instances that either of the two lists */
  replace(before: Workload | undefined, after: Workload | undefined): string[] {
    const old = entriesOf(before)
    const now = entriesOf(after)
    for (const [key, { address }] of old) {
      this.#listed.delete(key)
      this.#at.remove(address, key)
    }
    for (const [key, listed] of now) {
      this.#listed.set(key, listed)
      this.#at.add(listed.address, key)
    }
    for (const [key] of old) if (!this.#listed.has(key)) this.#health.delete(key)
    return [...old, ...now].map(([key]) => key)
  }

  /** @returns whether it is listed; nothing is kept of others */
  setHealth(key: string, health: InstanceHealth): boolean {
    if (!this.#listed.has(key)) return false
    this.#health.set(key, health)
    return true
  }

  /** @param listed - what {@link get} has for the key */
  toInstance(key: string, { workload, address }: Listed): Instance {
    const { namespace, name, labels } = workload.metadata
    const { serviceAccount, ports, locality } = workload.spec
    return {
      namespace,
      instance: key.slice(namespace.length + 1),
      workload: name,
      serviceAccount,
      labels,
      ports: ports.map((port) => ({ name: port.name, port: port.port, address, addressPort: port.port })),
      wholeAddresses: ports.length === 0 ? [address] : [],
      region: locality?.region ?? '',
      zone: locality?.zone ?? '',
      meshed: false,
      ...(this.#health.get(key) ?? READY),
    }
  }
}

function entriesOf(workload: Workload | undefined): [string, Listed][] {
  if (workload === undefined) return []
  const { namespace, name } = workload.metadata
  return (workload.spec.addresses ?? []).map((written, i) => {
    const address = canonicalIp(written) ?? written
    return [instanceKey({ namespace, instance: `${name}-${i}` }), { workload, address }]
  })
}
