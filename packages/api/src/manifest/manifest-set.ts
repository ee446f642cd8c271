import { LabelIndex } from '../kinds/label-index.ts'
import { formatRef, type MeshObject, refOf } from '../kinds/mesh-object.ts'
import type { Service } from '../kinds/service.ts'
import type { Workload } from '../kinds/workload.ts'
import type { RawObject } from './read-documents.ts'
import { nameOf } from './read-object.ts'

/** An object with where it came from. */
export interface ManifestEntry<T extends MeshObject = MeshObject> {
  readonly object: T
  readonly raw: RawObject
}

/** All objects of a set, with the indexes that rules over several objects need. */
export interface ManifestSet {
  readonly services: readonly ManifestEntry<Service>[]
  readonly workloads: readonly ManifestEntry<Workload>[]
  readonly workloadsByLabel: LabelIndex<ManifestEntry<Workload>>
  /** By {@link formatRef}. */
  readonly byRef: ReadonlyMap<string, ManifestEntry>
  /** Objects which are there but have errors of their own: nothing more is said about what they miss. */
  readonly refused: ReadonlySet<string>
}

/** Indexes the objects of a set. */
export function toManifestSet(entries: readonly ManifestEntry[], refused: readonly RawObject[]): ManifestSet {
  const workloads = entries.filter((entry): entry is ManifestEntry<Workload> => entry.object.kind === 'Workload')
  const workloadsByLabel = new LabelIndex<ManifestEntry<Workload>>((entry) => entry.object.metadata)
  for (const workload of workloads) workloadsByLabel.add(workload)
  return {
    services: entries.filter((entry): entry is ManifestEntry<Service> => entry.object.kind === 'Service'),
    workloads,
    workloadsByLabel,
    byRef: new Map(entries.map((entry) => [formatRef(refOf(entry.object)), entry])),
    refused: new Set(refused.flatMap((raw) => nameOf(raw.value) ?? []).map(formatRef)),
  }
}

/** `Service emojivote/web-svc`, for sentences. */
export function titleOf(object: MeshObject): string {
  const { namespace, name } = object.metadata
  return `${object.kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
}

/** `FILE:LINE` of an object, for sentences about two of them. */
export function placeOf(entry: ManifestEntry): string {
  return `${entry.raw.file}:${entry.raw.position([]).line}`
}
