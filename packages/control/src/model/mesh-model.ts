import type { Node } from '@heddle/api/discovery'
import type { MeshObject } from '@heddle/api/kinds'
import { compareNames, type ObjectName, type ObjectRef } from '@heddle/api/kinds/meta'
import type { ObjectLookup } from '@heddle/api/kinds/status/object-lookup'
import type { Workload } from '@heddle/api/kinds/workload'
import { compareTexts } from '@heddle/base/compare-texts'
import type { ObjectChange } from '../sources/source.ts'
import { applyChange, refreshInstances } from './apply-change.ts'
import { ANY_CLIENT, type Client } from './client.ts'
import { type Instance, type InstanceHealth, type InstanceRef, instanceKey, type Registration } from './instance.ts'
import { createMeshTables, type MeshTables } from './mesh-tables.ts'
import type { InboundView, Model, ModelChange, ModelOptions, RegistrationRequest, RegistrationResult } from './model.ts'
import { refuseInstance, refuseStream } from './refuse-registration.ts'
import { RegistrationTable } from './registration-table.ts'
import type { Resolution } from './resolution.ts'
import { Resolver } from './resolver.ts'
import type { ModelService } from './service-table.ts'
import { topicsOfObject } from './topics-of-object.ts'

const GRACE_MS = 10_000

/** The tables, with who is registered and who listens. */
export class MeshModel implements Model {
  readonly #isCluster: boolean
  readonly #tables: MeshTables
  readonly #registrations: RegistrationTable
  readonly #resolver: Resolver
  #revision = 0
  readonly #listeners = new Set<(change: ModelChange) => void>()

  constructor(options: ModelOptions) {
    const { clock, signal, graceMs = GRACE_MS, instancesFrom } = options
    this.#isCluster = instancesFrom === 'source'
    this.#tables = createMeshTables(options)
    this.#resolver = new Resolver(this.#tables)
    const refuse = this.#isCluster ? refuseStream : refuseInstance
    this.#registrations = new RegistrationTable({
      clock,
      signal,
      graceMs,
      refuse: (node) => refuse(node, this.#tables),
      changed: (key, registration) => this.#refresh(this.#tables.instances.setRegistered(key, registration)),
    })
  }

  applyObjects(change: ObjectChange): void {
    const { upserted, removed, instances } = change
    if (instances === undefined || upserted.length + removed.length > 0) this.#revision += 1
    this.#tell(applyChange(this.#tables, change))
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
    else this.#refresh(this.#tables.instances.setHealthOfListed(key, health))
  }

  resolve(key: string, client = ANY_CLIENT): Resolution {
    return this.#resolver.resolve(key, client)
  }

  clientsLike(client: Client, key: string): Client {
    return this.#resolver.clientsLike(client, key)
  }

  clientOf({ namespace, instance, host }: Node): Client {
    if (!this.#isCluster) return { namespace, host }
    return { namespace, host: this.#tables.instances.get(instanceKey({ namespace, instance }))?.host ?? '' }
  }

  get revision(): number {
    return this.#revision
  }

  topicsOf(ref: ObjectRef): Set<string> | undefined {
    const object = this.#tables.objects.get(ref)
    return object && topicsOfObject(object, this.#tables)
  }

  get lookup(): ObjectLookup {
    return this.#tables.traffic
  }

  inbound(ref: InstanceRef): InboundView {
    const { instances, workloads, services } = this.#tables
    const instance = instances.get(instanceKey(ref))
    if (instance === undefined) return { workload: undefined, instance, services: [] }
    const { namespace, labels, workload } = instance
    return {
      workload: workloads.get(namespace, workload),
      instance,
      services: [...services.selectors.selecting(namespace, labels)],
    }
  }

  services(namespace: string): readonly ModelService[] {
    return sortedIn(namespace, this.#tables.services.all(), ({ service }) => service.metadata)
  }

  workloads(namespace: string): readonly Workload[] {
    return sortedIn(namespace, this.#tables.workloads.all(), ({ metadata }) => metadata)
  }

  instances(namespace: string): readonly Instance[] {
    const found = [...this.#tables.instances.all()].filter((instance) => isIn(namespace, instance))
    return found.sort((a, b) => compareTexts(instanceKey(a), instanceKey(b)))
  }

  registrations(): readonly Registration[] {
    return this.#registrations.all()
  }

  objects(): readonly MeshObject[] {
    return [...this.#tables.objects.all()]
  }

  object(kind: MeshObject['kind'], namespace: string, name: string): MeshObject | undefined {
    return this.#tables.objects.get({ kind, namespace, name })
  }

  onChange(listener: (change: ModelChange) => void, signal: AbortSignal): void {
    if (signal.aborted) return
    this.#listeners.add(listener)
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true })
  }

  #refresh(instanceKeys: readonly string[]): void {
    const topics = refreshInstances(this.#tables, instanceKeys)
    if (topics.size > 0) this.#tell(topics)
  }

  #tell(topics: ReadonlySet<string>): void {
    for (const listener of [...this.#listeners]) listener({ topics })
  }
}

function sortedIn<T>(namespace: string, all: Iterable<T>, nameOf: (one: T) => ObjectName): T[] {
  const found = [...all].filter((one) => isIn(namespace, nameOf(one)))
  return found.sort((a, b) => compareNames(nameOf(a), nameOf(b)))
}

function isIn(namespace: string, named: Pick<ObjectName, 'namespace'>): boolean {
  return namespace === '' || named.namespace === namespace
}
