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
  readonly model: Model
  readonly hub: DiscoveryHub
}

/** Of all Services that are held by a proxy which is connected here. */
export function countHolders({ model, hub }: HolderSources): HolderCounts {
  const counts = new Map<string, HolderCount>()
  for (const { service } of model.services('')) {
    const { namespace, name } = service.metadata
    const streams = hub.streamsOf(model.topicsOf({ kind: 'Service', namespace, name }) ?? [])
    if (streams.length === 0) continue
    const applied = streams.filter((stream) => stream.appliedRevision >= model.revision).length
    counts.set(`${namespace}/${name}`, { proxies: streams.length, applied })
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
