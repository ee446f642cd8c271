import { formatRef, type Policy, refOf, targetsOf } from '@heddle/api/kinds'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import { SetsByKey } from '@heddle/base/sets-by-key'

/** Policies by what they are attached to. */
export class PolicyTable {
  readonly #byRef = new Map<string, Policy>()
  /** By `KIND/NAMESPACE/NAME`. */
  readonly #byTarget = new SetsByKey<Policy>()

  /** Those that name the object as a target, in no order. */
  ofTarget(target: ObjectRef): ReadonlySet<Policy> {
    return this.#byTarget.get(formatRef(target))
  }

  set(policy: Policy): void {
    this.#byRef.set(formatRef(refOf(policy)), policy)
    for (const target of targetsOf(policy)) this.#byTarget.add(formatRef(target), policy)
  }

  remove(ref: ObjectRef): void {
    const policy = this.#byRef.get(formatRef(ref))
    if (policy === undefined) return
    this.#byRef.delete(formatRef(ref))
    for (const target of targetsOf(policy)) this.#byTarget.remove(formatRef(target), policy)
  }
}
