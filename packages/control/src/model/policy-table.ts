import { formatRef, type MeshObject, type Policy, refOf } from '@heddle/api/kinds'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import { SetsByKey } from './sets-by-key.ts'

/** Policies by what they are attached to. */
export class PolicyTable {
  readonly #byRef = new Map<string, Policy>()
  /** By `KIND/NAMESPACE/NAME`. */
  readonly #byTarget = new SetsByKey<Policy>()

  all(): Iterable<Policy> {
    return this.#byRef.values()
  }

  /** Those that name the object as a target, in no order. */
  ofTarget(target: ObjectRef): ReadonlySet<Policy> {
    return this.#byTarget.get(formatRef(target))
  }

  set(policy: Policy): void {
    this.#byRef.set(formatRef(refOf(policy)), policy)
    for (const target of targetsOf(policy)) this.#byTarget.add(formatRef(target), policy)
  }

  /** @returns what was there */
  remove(ref: ObjectRef): Policy | undefined {
    const policy = this.#byRef.get(formatRef(ref))
    if (policy === undefined) return undefined
    this.#byRef.delete(formatRef(ref))
    for (const target of targetsOf(policy)) this.#byTarget.remove(formatRef(target), policy)
    return policy
  }
}

/** What a policy is attached to; always in its own namespace. */
export function targetsOf({ metadata, spec }: Policy): ObjectRef[] {
  return spec.targetRefs.map(({ kind, name }) => ({ kind, namespace: metadata.namespace, name }))
}

export function isPolicy(object: MeshObject): object is Policy {
  return object.kind === 'BackendPolicy' || object.kind === 'FaultPolicy' || object.kind === 'TrafficPolicy'
}
