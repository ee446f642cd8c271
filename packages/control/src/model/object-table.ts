import { formatRef, type MeshObject, refOf } from '@heddle/api/kinds'
import type { ObjectRef } from '@heddle/api/kinds/meta'

/** All objects of whatever kind, by kind, namespace and name. */
export class ObjectTable {
  readonly #objects = new Map<string, MeshObject>()

  get(ref: ObjectRef): MeshObject | undefined {
    return this.#objects.get(formatRef(ref))
  }

  all(): Iterable<MeshObject> {
    return this.#objects.values()
  }

  /** @returns those that were there */
  remove(refs: readonly ObjectRef[]): MeshObject[] {
    return refs.flatMap((ref) => {
      const known = this.get(ref)
      this.#objects.delete(formatRef(ref))
      return known ?? []
    })
  }

  /** @returns those that they replace */
  set(objects: readonly MeshObject[]): MeshObject[] {
    return objects.flatMap((object) => {
      const ref = refOf(object)
      const known = this.get(ref)
      this.#objects.set(formatRef(ref), object)
      return known ?? []
    })
  }
}
