import type { ObjectRef } from '@heddle/api/kinds/meta'
import type { DiscoveryHub } from '../discovery/discovery-hub.ts'
import type { Model } from '../model/model.ts'
import type { Replicas } from './replicas.ts'

/** Proxies that hold a destination of a Service, and those of them that have applied all that they were told. */
export interface HolderCount {
  readonly proxies: number
  readonly applied: number
}

/** By `NAMESPACE/NAME` of the Service. */
export type HolderCounts = ReadonlyMap<string, HolderCount>

/** Where the streams are that are counted. */
export interface HolderSources {
  readonly model: Pick<Model, 'revision' | 'topicsOf'>
  readonly hub: Pick<DiscoveryHub, 'streamsOf'>
}

/** Of a Service, among the proxies that are connected here. */
export function countHoldersOf(service: ObjectRef, { model, hub }: HolderSources): HolderCount {
  const streams = hub.streamsOf(model.topicsOf(service) ?? [])
  const applied = streams.filter((stream) => stream.appliedRevision >= model.revision)
  return { proxies: streams.length, applied: applied.length }
}

/** Of all Services that are held by a proxy which is connected here. */
export function countHolders({
  model,
  hub,
}: HolderSources & { readonly model: Pick<Model, 'services'> }): HolderCounts {
  const counts = new Map<string, HolderCount>()
  for (const { service } of model.services('')) {
    const { namespace, name } = service.metadata
    const count = countHoldersOf({ kind: 'Service', namespace, name }, { model, hub })
    if (count.proxies > 0) counts.set(`${namespace}/${name}`, count)
  }
  return counts
}

/** The same of those that are connected to any other replica. */
export async function countHoldersElsewhere(replicas: Replicas): Promise<HolderCounts> {
  const counts = new Map<string, HolderCount>()
  const { answers } = await replicas.ask((client, signal) => client.listHolders({}, { signal }))
  for (const { namespace, service, proxies, applied } of answers.flatMap((answer) => answer.services)) {
    const key = `${namespace}/${service}`
    const before = counts.get(key) ?? { proxies: 0, applied: 0 }
    counts.set(key, { proxies: before.proxies + proxies, applied: before.applied + applied })
  }
  return counts
}
