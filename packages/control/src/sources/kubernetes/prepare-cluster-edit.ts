import { formatRef, type MeshObject, refOf } from '@heddle/api/kinds'
import { KINDS } from '@heddle/api/kinds/table'
import { fileProblem } from '@heddle/api/manifest'
import { checkTogether } from '@heddle/api/manifest/check-together'
import type { Problem } from '@heddle/api/manifest/problem'
import { rawValue } from '@heddle/api/manifest/raw-value'
import { type RawObject, readDocuments } from '@heddle/api/manifest/read-documents'
import { readObject } from '@heddle/api/manifest/read-object'
import type { ObjectEdit } from '../object-edit.ts'
import type { PreparedEdit } from '../object-store.ts'
import { originOf } from './cluster-object.ts'

/**
 * What the objects in force would be with an edit of a cluster. Objects of kinds that the mesh does not act on are left out: they change
 * nothing here. Says of the edit what `heddle validate` would say of its files beside what there is.
 */
export function prepareClusterEdit(inForce: readonly MeshObject[], edit: ObjectEdit, nowMs: number): PreparedEdit {
  const readings = edit.files.map(({ path, text }) => readDocuments(path, text))
  const own = readings
    .flatMap(({ objects }) => objects)
    .filter(isOurs)
    .map((raw) => read(raw, edit.defaultNamespace ?? 'default'))
  const given = own.flatMap(({ object }) => (object === undefined ? [] : [object]))
  const known = new Map(inForce.map((object) => [formatRef(refOf(object)), object]))
  const missing = edit.remove.filter((ref) => !known.has(formatRef(ref))).map((ref) => originOf(ref.kind, ref))
  for (const key of [...edit.remove.map(formatRef), ...given.map((object) => formatRef(refOf(object)))])
    known.delete(key)
  const rest = [...known.values()]
  const readable = own.flatMap(({ object, raw }) => (object === undefined ? [] : [{ object, raw }]))
  const entries = [
    // Of Services nothing is to be said: here pods are behind them.
    ...readable.map(({ object, raw }) => ({ object, raw: object.kind === 'Service' ? nowhere(object) : raw })),
    ...rest.map((object) => ({ object, raw: nowhere(object) })),
  ]
  const together = checkTogether(entries, { objects: [], hasUnread: false }, nowMs)
  const files = new Set(edit.files.map(({ path }) => path))
  return {
    problems: [
      ...readings.flatMap(({ problems }) => problems),
      ...own.flatMap(({ problems }) => problems),
      ...together.filter(({ file }) => files.has(file)),
      ...missing.map((key) => fileProblem('', `there is no ${key}`)),
    ],
    given,
    objects: [...rest, ...given],
    fileOf: new Map(),
    writes: [],
    signature: '',
  }
}

function nowhere(object: MeshObject): RawObject {
  return rawValue(object, originOf(object.kind, object.metadata))
}

interface OwnReading {
  readonly raw: RawObject
  readonly object: MeshObject | undefined
  readonly problems: readonly Problem[]
}

function read(raw: RawObject, namespace: string): OwnReading {
  const { object, findings } = readObject(withNamespace(raw.value, namespace))
  return { raw, object, problems: findings.map((finding) => raw.problem(finding)) }
}

/** Kinds without namespace are left as they are. */
function withNamespace(value: unknown, namespace: string): unknown {
  const { kind, metadata } = value as { readonly kind: string; readonly metadata?: Readonly<Record<string, unknown>> }
  const isPlaced =
    KINDS.some((known) => known.kind === kind && known.scope === 'cluster') || metadata?.namespace !== undefined
  return isPlaced || metadata === undefined ? value : { ...(value as object), metadata: { ...metadata, namespace } }
}

function isOurs({ value }: RawObject): boolean {
  const { apiVersion, kind } = (value ?? {}) as { readonly apiVersion?: unknown; readonly kind?: unknown }
  const group = String(apiVersion).split('/')[0]
  return KINDS.some((known) => known.kind === kind && known.apiVersion.split('/')[0] === group)
}
