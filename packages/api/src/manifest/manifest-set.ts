import { LabelIndex, selects } from '../kinds/label-index.ts'
import { formatRef, isPolicy, type MeshObject, type Policy, refOf } from '../kinds/mesh-object.ts'
import type { ObjectRef } from '../kinds/object-meta.ts'
import { isRoute, type Route } from '../kinds/route.ts'
import type { Service } from '../kinds/service.ts'
import type { Workload } from '../kinds/workload.ts'
import { ManifestLookup } from './manifest-lookup.ts'
import { meantName } from './nearest.ts'
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
  readonly routes: readonly ManifestEntry<Route>[]
  readonly policies: readonly ManifestEntry<Policy>[]
  readonly workloadsByLabel: LabelIndex<ManifestEntry<Workload>>
  /** For the status of routes and policies. */
  readonly lookup: ManifestLookup
  /** By {@link formatRef}. */
  readonly byRef: ReadonlyMap<string, ManifestEntry>
  /** Objects which are there but have errors of their own: nothing more is said about what they miss. */
  readonly refused: ReadonlySet<string>
  /** Whether the object may be among what has errors of its own or could not be read: then it is not said to be missing. */
  mayHide(ref: ObjectRef): boolean
  /** The same of any object of the kind in the namespace. */
  mayHideSome(kind: string, namespace: string): boolean
  /** The remedy for an object that is missing: a name that was probably meant. */
  meantName(ref: ObjectRef): string | undefined
  /** Whether a Workload that the selector means may be among what has errors of its own or could not be read. */
  mayHideWorkload(namespace: string, selector: Readonly<Record<string, string>>): boolean
}

/** What is there and cannot be looked into. */
export interface Refusals {
  readonly objects: readonly RawObject[]
  /** Whether documents or files could not be read at all, so that anything may be in them. */
  readonly hasUnread: boolean
}

/** Indexes the objects of a set. */
export function toManifestSet(entries: readonly ManifestEntry[], refusals: Refusals): ManifestSet {
  const workloads = entries.filter((entry): entry is ManifestEntry<Workload> => entry.object.kind === 'Workload')
  const workloadsByLabel = new LabelIndex<ManifestEntry<Workload>>((entry) => entry.object.metadata)
  for (const workload of workloads) workloadsByLabel.add(workload)
  const byRef = new Map(entries.map((entry) => [formatRef(refOf(entry.object)), entry]))
  const refused = new Set(refusals.objects.flatMap((raw) => nameOf(raw.value) ?? []).map(formatRef))
  return {
    services: entries.filter((entry): entry is ManifestEntry<Service> => entry.object.kind === 'Service'),
    workloads,
    routes: entries.filter((entry): entry is ManifestEntry<Route> => isRoute(entry.object)),
    policies: entries.filter((entry): entry is ManifestEntry<Policy> => isPolicy(entry.object)),
    workloadsByLabel,
    lookup: new ManifestLookup(byRef),
    byRef,
    refused,
    mayHide: (ref) => refusals.hasUnread || refused.has(formatRef(ref)),
    mayHideSome: (kind, namespace) => {
      return refusals.hasUnread || [...refused].some((ref) => ref.startsWith(`${kind}/${namespace}/`))
    },
    meantName: rememberMeant(byRef),
    mayHideWorkload: (namespace, selector) => {
      return refusals.hasUnread || refusals.objects.some((raw) => mayBeSelected(raw.value, namespace, selector))
    },
  }
}

/** Thousands may miss the same name, and each search goes through all names of the namespace. */
function rememberMeant(byRef: ReadonlyMap<string, ManifestEntry>): ManifestSet['meantName'] {
  const found = new Map<string, string | undefined>()
  let names: ReadonlyMap<string, readonly string[]> | undefined
  return (ref) => {
    names ??= namesByKind(byRef)
    const key = formatRef(ref)
    if (!found.has(key)) found.set(key, meantName(ref.name, names.get(`${ref.kind}/${ref.namespace}`) ?? []))
    return found.get(key)
  }
}

function namesByKind(byRef: ReadonlyMap<string, ManifestEntry>): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>()
  for (const { object } of byRef.values()) {
    const { namespace, name } = object.metadata
    const key = `${object.kind}/${namespace}`
    const known = names.get(key)
    if (known === undefined) names.set(key, [name])
    else known.push(name)
  }
  return names
}

/** Whatever of the labels cannot be read may be right when the errors are mended. */
function mayBeSelected(value: unknown, namespace: string, selector: Readonly<Record<string, string>>): boolean {
  const { kind, metadata } = (value ?? {}) as { readonly kind?: unknown; readonly metadata?: unknown }
  if (typeof kind !== 'string' || !/^workloads?$/i.test(kind)) return false
  const { namespace: own = 'default', labels = {} } = (metadata ?? {}) as Readonly<Record<string, unknown>>
  if (typeof own === 'string' && own !== namespace) return false
  return !isText(labels) || selects(selector, labels)
}

function isText(labels: unknown): labels is Readonly<Record<string, string>> {
  if (typeof labels !== 'object' || labels === null) return false
  return Object.values(labels).every((label) => typeof label === 'string')
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
