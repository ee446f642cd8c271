import type { FakeObject } from './fake-object.ts'

type Json = unknown
type Fields = Record<string, Json>

/** RFC 7396. */
export function mergePatch(target: Json, patch: Json): Json {
  if (!isFields(patch)) return patch
  const result: Fields = isFields(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value)
  }
  return result
}

/** One operation of RFC 6902: `add`, `replace`, `remove` and `test`. */
export interface JsonOperation {
  readonly op: string
  readonly path: string
  readonly value?: Json
}

/** RFC 6902; `undefined` where a `test` fails or a path leads nowhere. */
export function jsonPatch(target: FakeObject, operations: readonly JsonOperation[]): FakeObject | undefined {
  const result = structuredClone(target) as Json
  for (const { op, path, value } of operations) {
    const keys = path.split('/').slice(1).map(unescapeKey)
    const last = keys.pop()!
    const parent = keys.reduce<Json>((at, key) => (at as Fields | undefined)?.[key], result)
    if (typeof parent !== 'object' || parent === null || !operate(parent as Fields, last, { op, value }))
      return undefined
  }
  return result as FakeObject
}

function operate(parent: Fields, key: string, { op, value }: Omit<JsonOperation, 'path'>): boolean {
  if (op === 'test') return JSON.stringify(parent[key]) === JSON.stringify(value)
  if (op !== 'add' && !(key in parent)) return false
  if (Array.isArray(parent))
    parent.splice(key === '-' ? parent.length : Number(key), op === 'add' ? 0 : 1, ...only(op, value))
  else if (op === 'remove') delete parent[key]
  else parent[key] = value
  return true
}

function only(op: string, value: Json): readonly Json[] {
  return op === 'remove' ? [] : [value]
}

function unescapeKey(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** Who owns which field: the path of a leaf, and its manager. Lists are leaves. */
export type Owners = ReadonlyMap<string, string>

/** A server-side apply, or the fields that other managers hold. */
export type Applied =
  | { readonly kind: 'applied'; readonly object: Json; readonly owners: Owners }
  | { readonly kind: 'conflict'; readonly fields: readonly string[] }

/** Who applies what. */
export interface Application {
  readonly manager: string
  readonly isForced: boolean
  readonly patch: Json
}

/** Server-side apply in small: what the manager owned and no longer names goes; what others own with another value is a conflict. */
export function applyPatch(target: Json, owners: Owners, { manager, isForced, patch }: Application): Applied {
  const wanted = leaves(patch)
  const present = leaves(target)
  const fields = [...wanted].filter(([path, value]) => {
    const owner = owners.get(path)
    return owner !== undefined && owner !== manager && present.get(path) !== value
  })
  if (fields.length > 0 && !isForced) return { kind: 'conflict', fields: fields.map(([path]) => path) }
  const result = structuredClone(target ?? {}) as Fields
  const next = new Map(owners)
  for (const [path, owner] of owners) {
    if (owner !== manager || wanted.has(path)) continue
    remove(result, path)
    next.delete(path)
  }
  for (const [path, value] of wanted) if (!next.has(path) || present.get(path) !== value) next.set(path, manager)
  return { kind: 'applied', object: mergePatch(result, patch), owners: next }
}

/** Leaves below what identifies an object, as JSON. */
function leaves(value: Json, path = ''): Map<string, string> {
  if (!isFields(value)) return new Map(value === undefined ? [] : [[path, JSON.stringify(value)]])
  const found = new Map<string, string>()
  for (const [key, field] of Object.entries(value)) {
    if (path === '' && (key === 'apiVersion' || key === 'kind')) continue
    if (path === '.metadata' && key !== 'labels' && key !== 'annotations') continue
    for (const [leaf, text] of leaves(field, `${path}.${key}`)) found.set(leaf, text)
  }
  return found
}

function remove(object: Fields, path: string): void {
  const keys = path.slice(1).split('.')
  const last = keys.pop()!
  const parent = keys.reduce<Json>((at, key) => (at as Fields | undefined)?.[key], object)
  if (isFields(parent)) delete parent[last]
}

function isFields(value: Json): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
