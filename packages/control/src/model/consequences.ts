import { objectKey } from '@heddle/api/kinds/meta'
import type { Service } from '@heddle/api/kinds/service'
import type { Workload } from '@heddle/api/kinds/workload'
import type { Instance } from './instance.ts'
import { addressesOf } from './instance-index.ts'
import type { InstanceChange } from './instance-table.ts'
import type { MeshTables } from './mesh-tables.ts'
import type { ServiceChange } from './service-table.ts'
import { inboundTopicOfKey, topicsOfInstance, topicsOfService } from './topic.ts'

type Labelled = Pick<Instance, 'namespace' | 'labels'>

/**
 * What follows from a change of the tables, which it is told of once they have it: tables derived from them forget or mend what they
 * keep, and the topics gather under which the change is heard of.
 */
export class Consequences {
  readonly #tables: MeshTables
  readonly #topics = new Set<string>()

  constructor(tables: MeshTables) {
    this.#tables = tables
  }

  /** Of all that it was told so far. */
  get topics(): ReadonlySet<string> {
    return this.#topics
  }

  ofService({ before, after }: ServiceChange): void {
    for (const known of [before, after]) {
      if (known === undefined) continue
      const { metadata, spec } = known.service
      this.#tables.members.forget(known.service)
      this.#tables.attachments.forget(objectKey(metadata))
      this.#add(topicsOfService(known))
      // Whoever asks for an instance itself is told the protocol that the Service says.
      const selected = this.#tables.instances.byLabel.select(metadata.namespace, spec.selector)
      for (const instance of selected) this.#add(topicsOfInstance(instance))
    }
  }

  /** Something else may be attached to the Service, or be behind what is attached. */
  ofAttachment(serviceKey: string): void {
    this.#tables.attachments.forget(serviceKey)
    this.#addService(serviceKey)
  }

  /** What is written down for the Service, or known of what is at its addresses, is different. */
  ofAddresses(serviceKey: string): void {
    this.#addService(serviceKey)
  }

  ofWorkload(before: Workload | undefined, after: Workload | undefined): void {
    for (const workload of [before, after]) {
      for (const service of this.#selecting(workload?.metadata)) {
        this.#tables.members.workloadsChanged(service)
        this.#addService(objectKey(service.metadata))
      }
    }
  }

  ofInstance(change: InstanceChange): void {
    const { before, after } = change
    for (const instance of [before, after]) if (instance !== undefined) this.#ofPlaces(instance)
    for (const service of new Set([...this.#selecting(before), ...this.#selecting(after)])) {
      this.#tables.members.instanceChanged(service, change)
      this.#addService(objectKey(service.metadata))
    }
  }

  /** What the proxy of an instance is told of its own workload is different. */
  ofInbound(instanceKey: string): void {
    this.#topics.add(inboundTopicOfKey(instanceKey))
  }

  #ofPlaces(instance: Instance): void {
    this.#add(topicsOfInstance(instance))
    for (const address of addressesOf(instance)) {
      for (const serviceKey of this.#tables.addresses.servicesAt(address)) this.ofAddresses(serviceKey)
    }
  }

  #selecting(labelled: Labelled | undefined): Iterable<Service> {
    return labelled === undefined ? [] : this.#tables.services.selectors.selecting(labelled.namespace, labelled.labels)
  }

  #addService(key: string): void {
    const known = this.#tables.services.byKey(key)
    if (known !== undefined) this.#add(topicsOfService(known))
  }

  #add(topics: readonly string[]): void {
    for (const topic of topics) this.#topics.add(topic)
  }
}
