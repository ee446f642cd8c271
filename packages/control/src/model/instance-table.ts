import { isDeepStrictEqual } from 'node:util'
import type { LabelIndex } from '@heddle/api/kinds/label-index'
import { objectKey } from '@heddle/api/kinds/meta'
import type { Workload } from '@heddle/api/kinds/workload'
import { type Instance, type InstanceHealth, type InstanceRef, instanceKey } from './instance.ts'
import { type InstanceAt, InstanceIndex } from './instance-index.ts'
import { type Listed, ListedInstances } from './listed-instances.ts'
import {
  type Registered,
  RegisteredInstances,
  registeredAddresses,
  toRegisteredInstance,
} from './registered-instances.ts'
import type { WorkloadTable } from './workload-table.ts'

/** An instance before and after a change. */
export interface InstanceChange {
  readonly before: Instance | undefined
  readonly after: Instance | undefined
}

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
  readonly #workloads: WorkloadTable
  readonly #registrationIs: RegistrationMeaning
  readonly #given = new Map<string, Instance>()
  readonly #registered = new RegisteredInstances()
  readonly #listed = new ListedInstances()
  readonly #index = new InstanceIndex()

  /** @param workloads - kept up by the owner of this table */
  constructor(workloads: WorkloadTable, registrationIs: RegistrationMeaning) {
    this.#workloads = workloads
    this.#registrationIs = registrationIs
  }

  get byLabel(): LabelIndex<Instance> {
    return this.#index.byLabel
  }

  get(key: string): Instance | undefined {
    return this.#index.get(key)
  }

  all(): Iterable<Instance> {
    return this.#index.all()
  }

  /**
   * The instance that others reach at `address` and `port`, and its port; see {@link InstanceIndex.at}. One that the source gives goes
   * before all that somebody listed: what is at the address of a pod is not for others to say.
   */
  at(address: string, port: number): InstanceAt | undefined {
    return this.#index.at(address, port, (key) => this.#given.has(key))
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
    const addresses = this.#registered.set(key, registered)
    return [key, ...addresses.flatMap((address) => [...this.#listed.at(address)])]
  }

  /** @returns keys of the instances that may be different now; none for one that is not listed */
  setHealthOfListed(key: string, health: InstanceHealth): string[] {
    return this.#listed.setHealth(key, health) ? [key] : []
  }

  /**
   * To be called when the table of Workloads has changed.
   *
   * @param workloadKey - `NAMESPACE/NAME`
   * @returns keys of the instances that may be different now
   */
  workloadChanged(workloadKey: string, before: Workload | undefined, after: Workload | undefined): string[] {
    return [...this.#listed.replace(before, after), ...this.#registered.ofWorkload(workloadKey)]
  }

  /** Works out the instances of `keys` anew. @returns those that are different */
  refresh(keys: Iterable<string>): InstanceChange[] {
    const changes: InstanceChange[] = []
    for (const key of new Set(keys)) {
      const before = this.#index.get(key)
      const after = this.#toInstance(key)
      if (isDeepStrictEqual(before, after)) continue
      this.#index.replace(key, after)
      changes.push({ before, after })
    }
    return changes
  }

  #toInstance(key: string): Instance | undefined {
    const given = this.#given.get(key)
    const registered = this.#registered.get(key)
    // What its proxy said goes before what the source knows so far.
    if (given !== undefined && registered?.state === 'draining') {
      return { ...given, state: 'draining', reason: registered.reason }
    }
    if (given !== undefined) return given
    if (registered !== undefined && this.#registrationIs === 'instance') {
      const { namespace, workload } = registered.node
      return toRegisteredInstance(registered, this.#workloads.get(namespace, workload))
    }
    const listed = this.#listed.get(key)
    return listed === undefined || this.#isTakenOver(listed) ? undefined : this.#listed.toInstance(key, listed)
  }

  /** Whether the proxy of an instance of this Workload registered from the address. */
  #isTakenOver({ workload, address }: Listed): boolean {
    if (this.#registrationIs === 'stream') return false
    const keys = [...this.#registered.ofWorkload(objectKey(workload.metadata))]
    return keys.some((key) => registeredAddresses(this.#registered.get(key)!).includes(address))
  }
}
