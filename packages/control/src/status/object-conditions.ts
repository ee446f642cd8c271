import { isPolicy, type MeshObject } from '@heddle/api/kinds'
import type { Condition } from '@heddle/api/kinds/conditions'
import { isRoute } from '@heddle/api/kinds/route'
import type { ObjectLookup } from '@heddle/api/kinds/status/object-lookup'
import { policyStatus } from '@heddle/api/kinds/status/policy-status'
import { routeStatus } from '@heddle/api/kinds/status/route-status'

/** A condition with what it is about. */
export interface ObjectCondition extends Condition {
  /** `KIND NAMESPACE/NAME` of a parent or target, with `:PORT` or `/SECTION` where the reference has them. */
  readonly about: string
  /** Of the parent or target. */
  readonly index: number
}

/** What conditions depend on. */
export interface ConditionContext {
  readonly lookup: ObjectLookup
  /** Faults end at a time. */
  readonly nowMs: number
}

/** The conditions of an object, parent by parent or target by target; none for kinds that have no status. */
export function objectConditions(object: MeshObject, { lookup, nowMs }: ConditionContext): ObjectCondition[] {
  if (isRoute(object)) {
    return routeStatus(object, lookup).flatMap(({ parentRef, conditions }, index) => {
      return conditions.map((condition) => ({ about: nameOf(parentRef), index, ...condition }))
    })
  }
  if (!isPolicy(object)) return []
  const { namespace } = object.metadata
  return policyStatus(object, lookup, nowMs).flatMap(({ targetRef, conditions }, index) => {
    return conditions.map((condition) => ({ about: nameOf({ ...targetRef, namespace }), index, ...condition }))
  })
}

/** What refers to an object, or a part of it. */
interface Reference {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly port?: number
  readonly sectionName?: string
}

function nameOf({ kind, namespace, name, port, sectionName }: Reference): string {
  const section = sectionName === undefined ? '' : `/${sectionName}`
  return `${kind} ${namespace}/${name}${port === undefined ? '' : `:${port}`}${section}`
}
