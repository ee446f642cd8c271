import { formatRef, type MeshObject, refOf } from '@heddle/api/kinds'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import type { Service } from '@heddle/api/kinds/service'
import type { ObjectLookup } from '@heddle/api/kinds/status/object-lookup'
import type { Workload } from '@heddle/api/kinds/workload'
import type { ObjectChange } from '../sources/source.ts'
import { Attachments } from './attachments.ts'
import { type Instance, type InstanceHealth, type InstanceRef, instanceKey, type Registration } from './instance.ts'
import { addressesOf } from './instance-index.ts'
import { type InstanceChange, InstanceTable } from './instance-table.ts'
import { Members } from './members.ts'
import type { InboundView, Model, ModelChange, ModelOptions, RegistrationRequest, RegistrationResult } from './model.ts'
import { refuseInstance, refuseStream } from './refuse-registration.ts'
import { RegistrationTable } from './registration-table.ts'
import type { Resolution } from './resolution.ts'
import { Resolver } from './resolver.ts'
import { type ServiceAddresses, ServiceAddressTable } from './service-addresses.ts'
import { type ModelService, type ServiceChange, ServiceTable } from './service-table.ts'
import { addressTopic, inboundTopic, serviceTopic } from './topic.ts'
import { TrafficTables } from './traffic-tables.ts'
import { WorkloadTable } from './workload-table.ts'

const SERVICE_RANGE_V4 = '10.96.0.0/12'
/** A unique local range (RFC 4193); as small as the largest that Kubernetes takes. */
const SERVICE_RANGE_V6 = 'fd68:6564:646c::/108'
const GRACE_MS = 10_000

/** Ties the tables together: what changes in one is told to those that depend on it, and to the listeners as topics. */
export class MeshModel implements Model {
  readonly #objects = new Map<string, MeshObject>()
  readonly #workloads = new WorkloadTable()
  readonly #services: ServiceTable
  readonly #instances: InstanceTable
  readonly #addresses: ServiceAddressTable
  readonly #registrations: RegistrationTable
  readonly #isCluster: boolean
  readonly #members: Members
  readonly #traffic: TrafficTables
  readonly #attachments: Attachments
  readonly #resolver: Resolver
  #revision = 0
  readonly #listeners = new Set<(change: ModelChange) => void>()

  constructor(options: ModelOptions) {
    const {
      clock,
      signal,
      graceMs = GRACE_MS,
      instancesFrom = 'registrations',
      serviceRangeV4 = SERVICE_RANGE_V4,
      serviceRangeV6 = SERVICE_RANGE_V6,
    } = options
    this.#isCluster = instancesFrom === 'source'
    this.#services = this.#isCluster
      ? new ServiceTable(undefined, undefined)
      : new ServiceTable(serviceRangeV4, serviceRangeV6)
    this.#instances = new InstanceTable(this.#workloads, this.#isCluster ? 'stream' : 'instance')
    this.#addresses = new ServiceAddressTable(this.#instances)
    this.#members = new Members(this.#instances.byLabel, this.#workloads.byLabel)
    this.#traffic = new TrafficTables(this.#services)
    this.#attachments = new Attachments(this.#traffic)
    this.#resolver = new Resolver({
      attachments: this.#attachments,
      services: this.#services,
      instances: this.#instances,
      addresses: this.#addresses,
      members: this.#members,
      workloads: this.#workloads,
    })
    const rules = { instances: this.#instances, services: this.#services, workloads: this.#workloads }
    this.#registrations = new RegistrationTable({
      clock,
      signal,
      graceMs,
      refuse: (node) => (this.#isCluster ? refuseStream : refuseInstance)(node, rules),
      changed: (key, registration) => this.#instancesChanged(this.#instances.setRegistered(key, registration)),
    })
  }

  applyObjects(change: ObjectChange): void {
    const { upserted, removed, instances, addresses = [] } = change
    if (instances === undefined || upserted.length + removed.length > 0) this.#revision += 1
    const topics = new Set<string>()
    const gone = this.#known(removed)
    const replaced = this.#known(upserted.map(refOf))
    for (const object of gone) this.#objects.delete(formatRef(refOf(object)))
    for (const object of upserted) this.#objects.set(formatRef(refOf(object)), object)
    const touched = this.#traffic.apply([...gone, ...replaced], upserted)
    this.#applyServices(upserted.filter(isService), gone.filter(isService), topics)
    for (const object of [...gone, ...upserted]) {
      if (object.kind === 'Service') for (const key of this.#traffic.dependents(object.metadata)) touched.add(key)
    }
    for (const key of touched) this.#attachmentChanged(key, topics)
    this.#applyWorkloads(upserted.filter(isWorkload), gone.filter(isWorkload), topics)
    if (instances !== undefined) this.#applyInstances(instances, topics)
    for (const one of addresses) this.#applyAddresses(one, topics)
    for (const listener of [...this.#listeners]) listener({ topics })
  }

  applyRegistration(request: RegistrationRequest): RegistrationResult {
    if (!this.#isCluster) return this.#registrations.apply(request)
    // The addresses are those of the pod, whatever its proxy says, so that none can keep others from theirs.
    return this.#registrations.apply({ ...request, node: { ...request.node, ports: [] } })
  }

  disconnectRegistration(ref: InstanceRef, owner: string): void {
    this.#registrations.disconnect(ref, owner)
  }

  removeRegistration(ref: InstanceRef, owner: string): void {
    // Until the source shows it as well, the instance must not come back as if it had never said that it drains.
    if (this.#isCluster && owner !== '') this.#registrations.disconnect(ref, owner)
    else this.#registrations.remove(ref, owner)
  }

  setHealth(ref: InstanceRef, owner: string, health: InstanceHealth): void {
    const key = instanceKey(ref)
    if (this.#registrations.has(key)) this.#registrations.setHealth(ref, owner, health)
    else this.#instancesChanged(this.#instances.setHealthOfListed(key, health))
  }

  resolve(key: string, clientNamespace = ''): Resolution {
    return this.#resolver.resolve(key, clientNamespace)
  }

  clientsLike(namespace: string, key: string): string {
    return this.#resolver.clientsLike(namespace, key)
  }

  get revision(): number {
    return this.#revision
  }

  topicsOf(ref: ObjectRef): Set<string> | undefined {
    const object = this.#objects.get(formatRef(ref))
    if (object === undefined) return undefined
    const topics = new Set<string>()
    if (isService(object)) this.#addTopics(object, topics)
    if (isWorkload(object)) for (const service of this.#selecting(object.metadata)) this.#addTopics(service, topics)
    for (const key of this.#traffic.touched(object)) this.#addTopicsOf(key, topics)
    return topics
  }

  get lookup(): ObjectLookup {
    return this.#traffic
  }

  inbound(ref: InstanceRef): InboundView {
    const instance = this.#instances.get(instanceKey(ref))
    if (instance === undefined) return { workload: undefined, instance, services: [] }
    const { namespace, labels, workload } = instance
    const services = [...this.#services.selectors.selecting(namespace, labels)]
    return { workload: this.#workloads.get(namespace, workload), instance, services }
  }

  services(namespace: string): readonly ModelService[] {
    const services = [...this.#services.all()].filter(({ service }) => isIn(namespace, service.metadata))
    return services.sort((a, b) => compareNames(a.service.metadata, b.service.metadata))
  }

  workloads(namespace: string): readonly Workload[] {
    const workloads = [...this.#workloads.all()].filter(({ metadata }) => isIn(namespace, metadata))
    return workloads.sort((a, b) => compareNames(a.metadata, b.metadata))
  }

  instances(namespace: string): readonly Instance[] {
    const instances = [...this.#instances.all()].filter((instance) => isIn(namespace, instance))
    return instances.sort((a, b) => compareTexts(instanceKey(a), instanceKey(b)))
  }

  registrations(): readonly Registration[] {
    return this.#registrations.all()
  }

  objects(): readonly MeshObject[] {
    return [...this.#objects.values()]
  }

  object(kind: MeshObject['kind'], namespace: string, name: string): MeshObject | undefined {
    return this.#objects.get(formatRef({ kind, namespace, name }))
  }

  onChange(listener: (change: ModelChange) => void, signal: AbortSignal): void {
    if (signal.aborted) return
    this.#listeners.add(listener)
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true })
  }

  #known(refs: readonly ObjectRef[]): MeshObject[] {
    return refs.map((ref) => this.#objects.get(formatRef(ref))).filter((object) => object !== undefined)
  }

  #attachmentChanged(serviceKey: string, topics: Set<string>): void {
    this.#attachments.forget(serviceKey)
    this.#addTopicsOf(serviceKey, topics)
  }

  #addTopicsOf(serviceKey: string, topics: Set<string>): void {
    const [namespace = '', name = ''] = serviceKey.split('/')
    const known = this.#services.get(namespace, name)
    if (known !== undefined) this.#addTopics(known.service, topics)
  }

  #applyServices(upserted: readonly Service[], gone: readonly Service[], topics: Set<string>): void {
    const changes = this.#services.apply(
      upserted,
      gone.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    )
    for (const change of changes) this.#serviceChanged(change, topics)
  }

  #serviceChanged({ before, after }: ServiceChange, topics: Set<string>): void {
    for (const known of [before, after]) {
      if (known === undefined) continue
      this.#touchService(known, topics)
      const { metadata, spec } = known.service
      for (const instance of this.#instances.byLabel.select(metadata.namespace, spec.selector)) {
        topics.add(inboundTopic(instance))
        // Whoever asks for the instance itself is told the protocol that the Service says.
        for (const address of addressesOf(instance)) topics.add(addressTopic(address))
      }
    }
  }

  #applyInstances({ upserted, removed }: NonNullable<ObjectChange['instances']>, topics: Set<string>): void {
    const keys = [
      ...removed.map((ref) => this.#instances.removeGiven(ref)),
      ...upserted.map((instance) => this.#instances.setGiven(instance)),
    ]
    for (const change of this.#instances.refresh(keys)) this.#instanceChanged(change, topics)
  }

  #applyAddresses(addresses: ServiceAddresses, topics: Set<string>): void {
    this.#addresses.set(addresses)
    this.#addTopicsOf(`${addresses.namespace}/${addresses.service}`, topics)
  }

  #applyWorkloads(upserted: readonly Workload[], gone: readonly Workload[], topics: Set<string>): void {
    const dirty = new Set<string>()
    const changes = [...gone.map((one) => [one, undefined] as const), ...upserted.map((one) => [one, one] as const)]
    for (const [{ metadata }, after] of changes) {
      const key = `${metadata.namespace}/${metadata.name}`
      const before = this.#workloads.replace(metadata, after)
      for (const instance of this.#instances.workloadChanged(key, before, after)) dirty.add(instance)
      for (const workload of [before, after])
        if (workload !== undefined) this.#touchSelecting(workload.metadata, topics)
    }
    for (const change of this.#instances.refresh(dirty)) this.#instanceChanged(change, topics)
    for (const key of dirty) topics.add(`inbound:${key}`)
  }

  #instancesChanged(keys: readonly string[]): void {
    const topics = new Set<string>()
    for (const change of this.#instances.refresh(keys)) this.#instanceChanged(change, topics)
    this.#emit(topics)
  }

  #instanceChanged(change: InstanceChange, topics: Set<string>): void {
    for (const instance of [change.before, change.after]) {
      if (instance === undefined) continue
      topics.add(inboundTopic(instance))
      for (const address of addressesOf(instance)) {
        topics.add(addressTopic(address))
        for (const key of this.#addresses.servicesAt(address)) this.#addTopicsOf(key, topics)
      }
    }
    const services = new Set([...this.#selecting(change.before), ...this.#selecting(change.after)])
    for (const service of services) {
      this.#members.instanceChanged(service, change)
      this.#addTopics(service, topics)
    }
  }

  #selecting(
    labelled: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> } | undefined,
  ): Iterable<Service> {
    return labelled === undefined ? [] : this.#services.selectors.selecting(labelled.namespace, labelled.labels)
  }

  #touchSelecting(
    labelled: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
    topics: Set<string>,
  ): void {
    for (const service of this.#selecting(labelled)) {
      this.#members.workloadsChanged(service)
      this.#addTopics(service, topics)
    }
  }

  #touchService({ service, clusterIps }: ModelService, topics: Set<string>): void {
    this.#members.forget(service)
    const { namespace, name } = service.metadata
    this.#attachments.forget(`${namespace}/${name}`)
    topics.add(serviceTopic(namespace, name))
    for (const address of clusterIps) topics.add(addressTopic(address))
  }

  #addTopics(service: Service, topics: Set<string>): void {
    const { namespace, name } = service.metadata
    topics.add(serviceTopic(namespace, name))
    for (const address of this.#services.get(namespace, name)?.clusterIps ?? []) topics.add(addressTopic(address))
  }

  #emit(topics: ReadonlySet<string>): void {
    if (topics.size === 0) return
    for (const listener of [...this.#listeners]) listener({ topics })
  }
}

function isService(object: MeshObject): object is Service {
  return object.kind === 'Service'
}

function isWorkload(object: MeshObject): object is Workload {
  return object.kind === 'Workload'
}

function isIn(namespace: string, named: { readonly namespace: string }): boolean {
  return namespace === '' || named.namespace === namespace
}

function compareNames(
  a: { readonly namespace: string; readonly name: string },
  b: { readonly namespace: string; readonly name: string },
): number {
  return compareTexts(a.namespace, b.namespace) || compareTexts(a.name, b.name)
}

/** By code units, so that every machine has the same order. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
