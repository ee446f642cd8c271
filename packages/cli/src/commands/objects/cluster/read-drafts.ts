import type { ObjectRef } from '@heddle/api/kinds/meta'
import { fileProblem, type ManifestFile } from '@heddle/api/manifest'
import type { Problem } from '@heddle/api/manifest/problem'
import { type RawObject, readDocuments } from '@heddle/api/manifest/read-documents'
import type { KubeObject, Resource } from '@heddle/kube/client'
import type { KindDiscovery } from './kind-discovery.ts'

/** An object of a file, as it is to be in the cluster. */
export interface Draft {
  readonly object: KubeObject
  readonly resource: Resource
  readonly ref: ObjectRef
  readonly raw: RawObject
}

/** What files hold, and what of it cannot be read. */
export interface Drafts {
  readonly drafts: readonly Draft[]
  readonly problems: readonly Problem[]
}

/** Where objects are looked up and go. */
export interface DraftPlace {
  readonly kinds: KindDiscovery
  /** Of objects that name none. */
  readonly namespace: string
}

/** Reads objects of any kind that the cluster knows. What is in them is judged by the API server. */
export async function readDrafts(files: readonly ManifestFile[], place: DraftPlace): Promise<Drafts> {
  const read = files.map(({ path, text }) => ({ path, ...readDocuments(path, text) }))
  const empty = read.filter(({ objects, problems }) => objects.length + problems.length === 0)
  const found = await Promise.all(read.flatMap(({ objects }) => objects).map((raw) => readDraft(raw, place)))
  return {
    drafts: found.flatMap((one) => ('reason' in one ? [] : [one])),
    problems: [
      ...read.flatMap(({ problems }) => problems),
      ...empty.map(({ path }) => fileProblem(path, 'names no object')),
      ...found.flatMap((one) => ('reason' in one ? [one] : [])),
    ],
  }
}

async function readDraft(raw: RawObject, { kinds, namespace }: DraftPlace): Promise<Draft | Problem> {
  const refuse = (path: readonly string[], reason: string) => raw.problem({ severity: 'error', path, reason })
  const { apiVersion, kind, metadata } = (raw.value ?? {}) as Readonly<Record<string, unknown>>
  if (typeof apiVersion !== 'string') return refuse(['apiVersion'], 'is missing')
  if (typeof kind !== 'string') return refuse(['kind'], 'is missing')
  const { name, namespace: own } = (metadata ?? {}) as Readonly<Record<string, unknown>>
  if (typeof name !== 'string') return refuse(['metadata', 'name'], 'is missing')
  const resource = await kinds.find(apiVersion, kind)
  if (resource === undefined) return refuse(['kind'], `the cluster knows no ${kind} in ${apiVersion}`)
  const place = resource.namespaced ? (typeof own === 'string' ? own : namespace) : ''
  const object = raw.value as KubeObject
  const placed = place === '' ? object : { ...object, metadata: { ...object.metadata, namespace: place } }
  return { object: placed, resource, ref: { kind, namespace: place, name }, raw }
}
