import { isDeepStrictEqual } from 'node:util'
import { formatRef, type MeshObject, refOf } from '@heddle/api/kinds'
import type { ObjectChange } from './source.ts'

/** The change that makes the set `after` of the set `before`. */
export function diffObjects(before: readonly MeshObject[], after: readonly MeshObject[]): ObjectChange {
  const old = new Map(before.map((object) => [formatRef(refOf(object)), object]))
  const upserted = after.filter((object) => {
    const key = formatRef(refOf(object))
    const known = old.get(key)
    old.delete(key)
    return !isDeepStrictEqual(known, object)
  })
  return { upserted, removed: [...old.values()].map(refOf) }
}
