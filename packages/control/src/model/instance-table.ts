import { isDeepStrictEqual } from 'node:util'
import type { Node } from '@heddle/api/discovery'
import { canonicalIp } from '@heddle/api/kinds/ip-address'
import { LabelIndex } from '@heddle/api/kinds/label-index'
import type { Workload } from '@heddle/api/kinds/workload'
import { type Instance, type InstancePort, type InstanceRef, type InstanceState, instanceKey } from './instance.ts'
import { SetsByKey } from './sets-by-key.ts'
import { wholePort } from './target-port.ts'

/** Whether an instance should get traffic, and why not. */
export interface InstanceHealth {
  readonly state: InstanceState
  readonly reason: string
}

/** What is known of a registered instance. */
export interface Registered extends InstanceHealth {
  readonly node: Node
}

/** An instance before and after a change. */
export interface InstanceChange {
  readonly before: Instance | undefined
  readonly after: Instance | undefined
}

/** What is at an address. */
export interface InstanceAt {
  readonly instance: Instance
  readonly port: InstancePort
}

/** An entry of a Workload's `spec.addresses`. */
interface Listed {
  readonly workload: Workload
  readonly address: string
}

const READY: InstanceHealth = { state: 'ready', reason: '' }

/**
 * What a registration is: the instance itself, or only the stream of the proxy of an instance that the source gives, of which it
 * can say that it drains.
 */
export type RegistrationMeaning = 'instance' | 'stream'

/**
 * The instances there are: those that the source gives, those that registered, and those listed in files for which nobody
 * registered. Inputs are set first; `refresh` then works out the instances they concern.
 */
export class InstanceTable {
  readonly byLabel = new LabelIndex<Instance>((instance) => instance)
  readonly #workloads: ReadonlyMap<string, Workload>
  readonly #registrationIs: RegistrationMeaning
  readonly #given = new Map<string, Instance>()
  readonly #registered = new Map<string, Registered>()
  readonly #registeredOf = new SetsByKey<string>()
  readonly #listed = new Map<string, Listed>()
  readonly #listedAt = new SetsByKey<string>()
  readonly #healthOfListed = new Map<string, InstanceHealth>()
  readonly #instances = new Map<string, Instance>()
  /** By address alone: there are few instances at one. */
  readonly #byAddress = new SetsByKey<string>()

  /** @param workloads - by `NAMESPACE/NAME`, kept up by the owner of this table */
  constructor(workloads: ReadonlyMap<string, Workload>, registrationIs: RegistrationMeaning = 'instance') {
    this.#workloads = workloads
    this.#registrationIs = registrationIs
  }

  get(key: string): Instance | undefined {
    return this.#instances.get(key)
  }

  all(): Iterable<Instance> {
    return this.#instances.values()
  }

  /**
   * The instance that others reach at `address` and `port`, and its port. One that the source gives goes before all that somebody
   * listed, in whatever state: what is at the address of a pod is not for others to say. Then one that goes, whose address may be
   * another's already, comes behind one that stays; then one with a proxy goes before one without. Of equals, as two that are listed
   * there, which no set of files may have, the first by name.
   */
  at(address: string, port: number): InstanceAt | undefined {
    let best: InstanceAt | undefined
    let bestRank = Number.POSITIVE_INFINITY
    for (const key of [...this.#byAddress.get(address)].sort()) {
      const found = portAt(this.#instances.get(key)!, address, port)
      if (found === undefined) continue
      const rank = rankOf(found) + (this.#given.has(key) ? 0 : LISTED_RANK)
      if (rank >= bestRank) continue
      best = found
      bestRank = rank
    }
    return best
  }

  /** Takes an instance over from the source. @returns its key */
  setGiven(instance: Instance): string {
    const key = instanceKey(instance)
    this.#given.set(key, instance)
    return key
  }

  /** @returns its key */
  removeGiven(ref: InstanceRef): string {
    const key = instanceKey(ref)
    this.#given.delete(key)
    return key
  }

  /** @returns keys of the instances that may be different now */
  setRegistered(key: string, registered: Registered | undefined): string[] {
    const before = this.#registered.get(key)
    if (before !== undefined) this.#registeredOf.remove(workloadKeyOf(before.node), key)
    if (registered === undefined) this.#registered.delete(key)
    if (registered !== undefined) {
      this.#registered.set(key, registered)
      this.#registeredOf.add(workloadKeyOf(registered.node), key)
    }
    const nodes = [before?.node, registered?.node].filter((node) => node !== undefined)
    const addresses = nodes.flatMap((node) => node.ports.map((port) => canonicalIp(port.address) ?? ''))
    return [key, ...addresses.flatMap((address) => [...this.#listedAt.get(address)])]
  }

  /** @returns keys of the instances that may be different now; none for one that is not listed */
  setHealthOfListed(key: string, health: InstanceHealth): string[] {
    if (!this.#listed.has(key)) return []
    this.#healthOfListed.set(key, health)
    return [key]
  }

  /** To be called when the table of Workloads has changed. @returns keys of the instances that may be different now */
  workloadChanged(workloadKey: string, before: Workload | undefined, after: Workload | undefined): string[] {
    const old = this.#unlist(before)
    const now = this.#list(after)
    for (const key of old) if (!this.#listed.has(key)) this.#healthOfListed.delete(key)
    return [...old, ...now, ...this.#registeredOf.get(workloadKey)]
  }

  /** Works out the instances of `keys` anew. @returns those that are different */
  refresh(keys: Iterable<string>): InstanceChange[] {
    const changes: InstanceChange[] = []
    for (const key of new Set(keys)) {
      const before = this.#instances.get(key)
      const after = this.#toInstance(key)
      if (isDeepStrictEqual(before, after)) continue
      if (before !== undefined) this.#unindex(key, before)
      if (after !== undefined) this.#index(key, after)
      changes.push({ before, after })
    }
    return changes
  }

  #toInstance(key: string): Instance | undefined {
    const given = this.#given.get(key)
    const registered = this.#registered.get(key)
    if (given !== undefined) return registered?.state === 'draining' ? toDraining(given, registered) : given
    if (registered !== undefined && this.#registrationIs === 'instance') {
      return toRegistered(registered, this.#workloads.get(workloadKeyOf(registered.node)))
    }
    const listed = this.#listed.get(key)
    if (listed === undefined || this.#isTakenOver(listed)) return undefined
    return toListed(key, listed, this.#healthOfListed.get(key) ?? READY)
  }

  /** Whether the proxy of an instance of this Workload registered from the address. */
  #isTakenOver({ workload, address }: Listed): boolean {
    if (this.#registrationIs === 'stream') return false
    const { namespace, name } = workload.metadata
    for (const key of this.#registeredOf.get(`${namespace}/${name}`)) {
      const { node } = this.#registered.get(key)!
      if (node.ports.some((port) => canonicalIp(port.address) === address)) return true
    }
    return false
  }

  #list(workload: Workload | undefined): string[] {
    return listedKeys(workload).map(([key, listed]) => {
      this.#listed.set(key, listed)
      this.#listedAt.add(listed.address, key)
      return key
    })
  }

  #unlist(workload: Workload | undefined): string[] {
    return listedKeys(workload).map(([key, { address }]) => {
      this.#listed.delete(key)
      this.#listedAt.remove(address, key)
      return key
    })
  }

  #index(key: string, instance: Instance): void {
    this.#instances.set(key, instance)
    this.byLabel.add(instance)
    for (const address of addressesOf(instance)) this.#byAddress.add(address, key)
  }

  #unindex(key: string, instance: Instance): void {
    this.#instances.delete(key)
    this.byLabel.remove(instance)
    for (const address of addressesOf(instance)) this.#byAddress.remove(address, key)
  }
}

/** Above all that {@link rankOf} gives. */
const LISTED_RANK = 4

function rankOf({ instance: { state, meshed } }: InstanceAt): number {
  return (state === 'draining' ? 2 : 0) + (meshed ? 0 : 1)
}

function portAt(instance: Instance, address: string, number: number): InstanceAt | undefined {
  if (instance.wholeAddresses.includes(address)) return { instance, port: wholePort(instance, address, number) }
  const port = instance.ports.find((one) => one.address === address && one.addressPort === number)
  return port && { instance, port }
}

/** Addresses at which an instance is found. */
export function addressesOf({ ports, wholeAddresses, sharesAddress }: Instance): ReadonlySet<string> {
  if (sharesAddress === true) return NOWHERE
  return new Set([...ports.map(({ address }) => address), ...wholeAddresses])
}

const NOWHERE: ReadonlySet<string> = new Set()

/** What its proxy said goes before what the cluster knows so far. */
function toDraining(given: Instance, { reason }: Registered): Instance {
  return { ...given, state: 'draining', reason }
}

function toRegistered({ node, state, reason }: Registered, workload: Workload | undefined): Instance {
  const { region = '', zone = '' } = node.locality ?? workload?.spec.locality ?? {}
  return {
    namespace: node.namespace,
    instance: node.instance,
    workload: node.workload,
    serviceAccount: node.serviceAccount,
    labels: workload?.metadata.labels ?? { ...node.labels },
    ports: node.ports.map((port) => {
      const declared = workload?.spec.ports.find((one) => one.port === port.port)
      return {
        name: declared?.name ?? port.name,
        port: port.port,
        address: canonicalIp(port.address) ?? port.address,
        addressPort: port.addressPort,
      }
    }),
    wholeAddresses: [],
    region,
    zone,
    meshed: true,
    state,
    reason,
  }
}

function toListed(key: string, { workload, address }: Listed, { state, reason }: InstanceHealth): Instance {
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
    state,
    reason,
  }
}

function listedKeys(workload: Workload | undefined): [string, Listed][] {
  if (workload === undefined) return []
  const { namespace, name } = workload.metadata
  return (workload.spec.addresses ?? []).map((written, i) => {
    const address = canonicalIp(written) ?? written
    return [instanceKey({ namespace, instance: `${name}-${i}` }), { workload, address }]
  })
}

function workloadKeyOf(node: Node): string {
  return `${node.namespace}/${node.workload}`
}
