import type { Node } from '@heddle/api/discovery'
import { canonicalIp } from '@heddle/api/kinds/ip-address'
import type { Workload } from '@heddle/api/kinds/workload'
import { SetsByKey } from '@heddle/base/sets-by-key'
import type { Instance, InstanceHealth } from './instance.ts'

/** What is known of a registered instance. */
export interface Registered extends InstanceHealth {
  readonly node: Node
}

/** What registered, by the instance and by its Workload. */
export class RegisteredInstances {
  readonly #registered = new Map<string, Registered>()
  readonly #ofWorkload = new SetsByKey<string>()

  get(key: string): Registered | undefined {
    return this.#registered.get(key)
  }

  /** @param workloadKey - `NAMESPACE/NAME` */
  ofWorkload(workloadKey: string): ReadonlySet<string> {
    return this.#ofWorkload.get(workloadKey)
  }

  /** @returns addresses, in canonical form, at which something may be different now */
  set(key: string, after: Registered | undefined): string[] {
    const before = this.#registered.get(key)
    if (before !== undefined) this.#ofWorkload.remove(workloadKeyOf(before), key)
    if (after === undefined) this.#registered.delete(key)
    if (after !== undefined) {
      this.#registered.set(key, after)
      this.#ofWorkload.add(workloadKeyOf(after), key)
    }
    return [before, after].flatMap((one) => (one === undefined ? [] : registeredAddresses(one)))
  }
}

function workloadKeyOf({ node }: Registered): string {
  return `${node.namespace}/${node.workload}`
}

/** In canonical form. */
export function registeredAddresses({ node }: Registered): string[] {
  return node.ports.flatMap(({ address }) => canonicalIp(address) ?? [])
}

/** @param workload - the object of its Workload, which goes before what the proxy says; `undefined`: there is none */
export function toRegisteredInstance({ node, state, reason }: Registered, workload: Workload | undefined): Instance {
  const { region = '', zone = '' } = node.locality ?? workload?.spec.locality ?? {}
  return {
    namespace: node.namespace,
    instance: node.instance,
    workload: node.workload,
    serviceAccount: node.serviceAccount,
    labels: workload?.metadata.labels ?? { ...node.labels },
    ports: node.ports.map(({ name, port, address, addressPort }) => {
      const declared = workload?.spec.ports.find((one) => one.port === port)
      return { name: declared?.name ?? name, port, address: canonicalIp(address) ?? address, addressPort }
    }),
    wholeAddresses: [],
    region,
    zone,
    ...(node.host !== '' && { host: node.host }),
    meshed: true,
    state,
    reason,
  }
}
