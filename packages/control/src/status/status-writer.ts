import { formatRef, type MeshObject } from '@heddle/api/kinds'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import { ROUTE_KINDS } from '@heddle/api/kinds/route'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { type KubeClient, KubeError } from '@heddle/kube/client'
import { createWorkQueue, type WorkQueue } from '@heddle/kube/work-queue'
import type { Model } from '../model/model.ts'
import { serviceOfTopic } from '../model/topic.ts'
import type { HolderCounts } from '../replicas/holders.ts'
import type { StatusSource } from '../sources/kubernetes/cluster-object.ts'
import type { ClusterObjects } from '../sources/kubernetes/kubernetes-source.ts'
import { isPending, type JudgedObject, saidOfRefs, saidOfWhole } from './said-of-object.ts'
import type { ConditionSources } from './shown-conditions.ts'
import { mergeConditions, mergeEntries, type WrittenCondition } from './status-entries.ts'

/** What writing needs from outside. */
export interface StatusWriterOptions {
  readonly client: Pick<KubeClient, 'patch'>
  readonly cluster: ClusterObjects
  readonly model: Model
  readonly hub: ConditionSources['hub']
  /** Of proxies that are connected to other replicas; left out: there are none. */
  readonly elsewhere?: () => Promise<HolderCounts>
  readonly clock: Clock
  readonly log: Log
}

/** Proxies apply most changes within this time: then one status says all of it. */
const SETTLE_MS = 300
/** How often an object is looked at whose proxies have not all applied it, and what other replicas say. */
const PENDING_MS = 2_000
/** Nothing tells that a fault has ended, or that proxies went. */
const SWEEP_MS = 60_000
/** Of one object. */
const GAP_MS = 1_000
const CONCURRENCY = 4

/**
 * Writes the statuses of routes, policies and Workloads back, where they differ. To be called by the one replica that leads; ends when
 * `signal` is aborted.
 */
export function writeStatuses(options: StatusWriterOptions, signal: AbortSignal): void {
  if (!signal.aborted) new StatusWriter(options, signal)
}

class StatusWriter {
  readonly #options: StatusWriterOptions
  readonly #queue: WorkQueue
  readonly #refs = new Map<string, ObjectRef>()
  readonly #writtenMs = new Map<string, number>()
  #revision: number
  #elsewhere: { readonly atMs: number; readonly counts: Promise<HolderCounts> } | undefined

  constructor(options: StatusWriterOptions, signal: AbortSignal) {
    const { clock, log, cluster, model } = options
    this.#options = options
    this.#revision = model.revision
    this.#queue = createWorkQueue({
      name: 'statuses',
      clock,
      log,
      concurrency: CONCURRENCY,
      work: (key) => this.#write(this.#refs.get(key)!),
    })
    cluster.onChange((ref) => this.#touch(ref), signal)
    model.onChange(({ topics }) => this.#modelChanged(topics), signal)
    signal.addEventListener('abort', () => void this.#queue.close(), { once: true })
    void this.#sweepForEver(signal)
  }

  #touch(ref: ObjectRef): void {
    const key = formatRef(ref)
    this.#refs.set(key, ref)
    this.#queue.addAfter(key, SETTLE_MS)
  }

  /** Endpoints come and go without a revision: no condition depends on them. */
  #modelChanged(topics: ReadonlySet<string>): void {
    const { model } = this.#options
    if (model.revision === this.#revision) return
    this.#revision = model.revision
    for (const topic of topics) {
      const service = serviceOfTopic(topic)
      if (service !== undefined) this.#touchAttached(service.namespace, service.name)
    }
  }

  #touchAttached(namespace: string, name: string): void {
    const { lookup } = this.#options.model
    for (const policy of lookup.policiesOf('Service', namespace, name)) this.#touch(toRef(policy))
    for (const route of lookup.routesOf(namespace, name)) {
      this.#touch(toRef(route))
      const { kind, metadata } = route
      for (const policy of lookup.policiesOf(kind, metadata.namespace, metadata.name)) this.#touch(toRef(policy))
    }
  }

  async #sweepForEver(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const ref of this.#options.cluster.withStatus()) this.#touch(ref)
      await this.#options.clock.sleep(SWEEP_MS, signal)
    }
  }

  /** @returns when to look again */
  async #write(ref: ObjectRef): Promise<number | undefined> {
    const { cluster, model, clock } = this.#options
    const key = formatRef(ref)
    const waitMs = (this.#writtenMs.get(key) ?? 0) + GAP_MS - clock.nowMs()
    if (waitMs > 0 && waitMs <= GAP_MS) return waitMs
    const object = cluster.get(ref)
    if (object?.status === undefined) {
      this.#refs.delete(key)
      this.#writtenMs.delete(key)
      return undefined
    }
    const inForce = model.object(ref.kind as MeshObject['kind'], ref.namespace, ref.name)
    return this.#judge({ ...object, ref, inForce }, object.status)
  }

  async #judge(object: JudgedObject, source: StatusSource): Promise<number | undefined> {
    const { model, hub, clock } = this.#options
    const moment = { generation: source.generation, nowMs: clock.nowMs() }
    if (object.ref.kind === 'Workload') {
      const present = source.entries as readonly Partial<WrittenCondition>[]
      await this.#patch(object.ref, source, { conditions: mergeConditions(present, saidOfWhole(object), moment) })
      return undefined
    }
    const elsewhere = await this.#holdersElsewhere()
    const said = saidOfRefs(object, { model, hub, nowMs: moment.nowMs, ...(elsewhere && { elsewhere }) })
    const isRoute = ROUTE_KINDS.some((kind) => kind === object.ref.kind)
    const [list, field] = isRoute ? (['parents', 'parentRef'] as const) : (['ancestors', 'ancestorRef'] as const)
    await this.#patch(object.ref, source, { [list]: mergeEntries(source.entries, said, { ...moment, field }) })
    return isPending(said) ? PENDING_MS : undefined
  }

  /** With the version that was looked at: whoever else wrote meanwhile is not overwritten, it is looked at again. */
  async #patch(
    { kind, namespace, name }: ObjectRef,
    { resourceVersion }: StatusSource,
    status: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const resource = this.#options.cluster.resourceOf(kind)
    if (resource === undefined || Object.values(status).includes(undefined)) return
    const patch = { metadata: { resourceVersion }, status }
    try {
      await this.#options.client.patch({ resource, namespace, name }, patch, { type: 'merge', subresource: 'status' })
      this.#writtenMs.set(formatRef({ kind, namespace, name }), this.#options.clock.nowMs())
    } catch (error) {
      const isGone = error instanceof KubeError && error.status === 404
      if (!isGone) throw error
    }
  }

  #holdersElsewhere(): Promise<HolderCounts> | undefined {
    const { elsewhere, clock } = this.#options
    if (elsewhere === undefined) return undefined
    const nowMs = clock.nowMs()
    if (this.#elsewhere === undefined || nowMs - this.#elsewhere.atMs >= PENDING_MS) {
      this.#elsewhere = { atMs: nowMs, counts: elsewhere() }
    }
    return this.#elsewhere.counts
  }
}

function toRef({ kind, metadata: { namespace, name } }: MeshObject): ObjectRef {
  return { kind, namespace, name }
}
