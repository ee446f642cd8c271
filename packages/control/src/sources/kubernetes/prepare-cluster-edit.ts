import { formatRef, type MeshObject, refOf } from '@heddle/api/kinds'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import { KINDS } from '@heddle/api/kinds/table'
import { fileProblem } from '@heddle/api/manifest'
import { checkTogether } from '@heddle/api/manifest/check-together'
import type { Problem } from '@heddle/api/manifest/problem'
import { rawValue } from '@heddle/api/manifest/raw-value'
import { type RawObject, readDocuments } from '@heddle/api/manifest/read-documents'
import { readObject, statedName } from '@heddle/api/manifest/read-object'
import type { ObjectEdit } from '../object-edit.ts'
import type { PreparedEdit } from '../object-store.ts'
import { originOf } from './cluster-object.ts'

/**
 * What the objects in force would be with an edit of a cluster. Objects of kinds that the mesh does not act on change nothing here and are
 * only named. Says of the edit what `heddle validate` would say of its files beside what there is.
 */
export function prepareClusterEdit(inForce: readonly MeshObject[], edit: ObjectEdit, nowMs: number): PreparedEdit {
  const known = new Map(inForce.map((object) => [keyOf(object), object]))
  const { own, given, notActedOn, problems } = readEdit(edit, known)
  const missing = edit.remove.filter((ref) => !known.has(formatRef(ref))).map((ref) => originOf(ref.kind, ref))
  const replaced = new Set([...edit.remove.map(formatRef), ...given.map(keyOf)])
  const rest = [...known].filter(([key]) => !replaced.has(key)).map(([, object]) => object)
  const files = new Set(edit.files.map(({ path }) => path))
  return {
    problems: [
      ...problems,
      ...checkBeside(rest, own, nowMs).filter(({ file }) => files.has(file)),
      ...missing.map((key) => fileProblem('', `there is no ${key}`)),
    ],
    given,
    notActedOn,
    objects: [...rest, ...given],
    fileOf: new Map(),
    writes: [],
    signature: '',
  }
}

/** An object of the edit, with where it is said. */
interface Given {
  readonly raw: RawObject
  readonly object: MeshObject
}

interface EditReading {
  readonly own: readonly Given[]
  /** The objects of `own`. */
  readonly given: readonly MeshObject[]
  readonly notActedOn: readonly ObjectRef[]
  /** Of each document and object for itself. */
  readonly problems: readonly Problem[]
}

function readEdit(
  { files, defaultNamespace = 'default' }: ObjectEdit,
  known: ReadonlyMap<string, MeshObject>,
): EditReading {
  const documents = files.map(({ path, text }) => readDocuments(path, text))
  const objects = documents.flatMap((one) => one.objects)
  const readings = objects
    .filter((raw) => !isForeign(raw))
    .map((raw) => ({ raw, ...readObject(withNamespace(raw.value, defaultNamespace)) }))
  const own = readings.flatMap(({ raw, object }) => {
    return object === undefined ? [] : [{ raw, object: withAge(object, known.get(keyOf(object))) }]
  })
  return {
    own,
    given: own.map(({ object }) => object),
    notActedOn: objects.filter(isForeign).map(({ value }) => statedName(value)),
    problems: [
      ...documents.flatMap(({ problems }) => problems),
      ...readings.flatMap(({ raw, findings }) => findings.map((finding) => raw.problem(finding))),
    ],
  }
}

/** An object stays as old as it is, whatever a file says or leaves out. */
function withAge<T extends MeshObject>(object: T, known: MeshObject | undefined): T {
  const creationTimestamp = known?.metadata.creationTimestamp
  if (creationTimestamp === undefined) return object
  return { ...object, metadata: { ...object.metadata, creationTimestamp } }
}

/** What is to be said of all objects together; of those that are not the edit's, `file` names none of its files. */
function checkBeside(rest: readonly MeshObject[], own: readonly Given[], nowMs: number): readonly Problem[] {
  const entries = [
    // Of Services nothing is to be said: here pods are behind them.
    ...own.map(({ object, raw }) => ({ object, raw: object.kind === 'Service' ? nowhere(object) : raw })),
    ...rest.map((object) => ({ object, raw: nowhere(object) })),
  ]
  return checkTogether(entries, { objects: [], hasUnread: false }, nowMs)
}

function keyOf(object: MeshObject): string {
  return formatRef(refOf(object))
}

function nowhere(object: MeshObject): RawObject {
  return rawValue(object, originOf(object.kind, object.metadata))
}

/** Kinds without namespace are left as they are. */
function withNamespace(value: unknown, namespace: string): unknown {
  const { kind, metadata } = (value ?? {}) as {
    readonly kind?: unknown
    readonly metadata?: Readonly<Record<string, unknown>>
  }
  const isPlaced =
    KINDS.some((known) => known.kind === kind && known.scope === 'cluster') || metadata?.namespace !== undefined
  return isPlaced || metadata === undefined ? value : { ...(value as object), metadata: { ...metadata, namespace } }
}

/** Of a kind that the mesh does not act on; what does not say its kind is refused as any other mistake. */
function isForeign({ value }: RawObject): boolean {
  const { apiVersion, kind } = (value ?? {}) as { readonly apiVersion?: unknown; readonly kind?: unknown }
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return false
  const group = apiVersion.split('/')[0]
  return !KINDS.some((known) => known.kind === kind && known.apiVersion.split('/')[0] === group)
}
