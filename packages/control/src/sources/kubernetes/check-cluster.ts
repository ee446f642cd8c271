import { formatRef, isPolicy, type MeshObject, refOf } from '@heddle/api/kinds'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import { isRoute } from '@heddle/api/kinds/route'
import { checkTogether } from '@heddle/api/manifest/check-together'
import type { Problem } from '@heddle/api/manifest/problem'
import { rawValue } from '@heddle/api/manifest/raw-value'
import { originOf } from './cluster-object.ts'

/**
 * What `heddle validate` would say of routes and policies beside each other and the Services. About Services it says nothing: here pods
 * are behind them.
 *
 * @param refused - objects that are there and cannot be looked into: nothing more is said about what they miss
 */
export function checkCluster(
  objects: readonly MeshObject[],
  refused: Iterable<ObjectRef>,
  nowMs: number,
): readonly Problem[] {
  const shown = new Set(objects.filter((one) => isRoute(one) || isPolicy(one)).map(originOfObject))
  if (shown.size === 0) return []
  const refusals = [...refused].map(({ kind, namespace, name }) => {
    return rawValue({ kind, metadata: { namespace, name } }, originOf(kind, { namespace, name }))
  })
  const problems = checkTogether(entriesOf(objects), { objects: refusals, hasUnread: false }, nowMs)
  return problems.filter(({ file }) => shown.has(file))
}

/** Errors of Workloads beside each other and the Services, by `formatRef`; of two the one that comes later in the list has it. */
export function findWorkloadConflicts(objects: readonly MeshObject[]): ReadonlyMap<string, readonly Problem[]> {
  const workloads = objects.filter(({ kind }) => kind === 'Workload')
  const keys = new Map(workloads.map((one) => [originOfObject(one), formatRef(refOf(one))]))
  const errors = checkTogether(entriesOf(objects), { objects: [], hasUnread: false }, undefined).filter(
    ({ severity, file }) => severity === 'error' && keys.has(file),
  )
  return Map.groupBy(errors, ({ file }) => keys.get(file)!)
}

function entriesOf(objects: readonly MeshObject[]) {
  return objects.map((object) => ({ object, raw: rawValue(object, originOfObject(object)) }))
}

function originOfObject({ kind, metadata }: MeshObject): string {
  return originOf(kind, metadata)
}
