import { isPolicy, type MeshObject } from '@heddle/api/kinds'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import { isRoute, ROUTE_KINDS } from '@heddle/api/kinds/route'
import type { Problem } from '@heddle/api/manifest/problem'
import { type ClusterObject, isMeshParent, type RawRef } from '../sources/kubernetes/cluster-object.ts'
import { type ConditionSources, shownConditions } from './shown-conditions.ts'
import type { SaidCondition, SaidOfRef } from './status-entries.ts'

/** An object of the cluster beside what of it is in force. */
export interface JudgedObject extends ClusterObject {
  readonly ref: ObjectRef
  /** `undefined`: nothing of it is. */
  readonly inForce: MeshObject | undefined
}

/** What is to be said about each reference of a route or policy that is the mesh's business. */
export function saidOfRefs(object: JudgedObject, sources: ConditionSources): SaidOfRef[] {
  const refs = object.status?.refs ?? []
  if (!object.isOurs) return []
  const isRouteKind = ROUTE_KINDS.some((kind) => kind === object.ref.kind)
  const about = refs.map((ref, index) => ({ ref, index })).filter(({ ref }) => !isRouteKind || isMeshParent(ref))
  const refused = isRefused(object) ? [refusal(object, isRouteKind ? 'UnsupportedValue' : 'Invalid')] : undefined
  const conditions = refused === undefined ? shownConditions(object.object!, sources) : []
  return about.map(({ ref, index }) => ({
    ref: isRouteKind ? ref : toAncestor(ref, object.ref),
    conditions: refused ?? conditions.filter((one) => one.index === index).map(toSaid),
  }))
}

/** What is to be said about an object without references. */
export function saidOfWhole(object: JudgedObject): SaidCondition[] {
  if (isRefused(object)) return [refusal(object, 'Invalid')]
  return [{ type: 'Accepted', status: 'True', reason: 'Accepted', message: 'in force' }]
}

/** Whether anything depends on what proxies have applied that is not so yet. */
export function isPending(said: readonly SaidOfRef[]): boolean {
  return said.some(({ conditions }) =>
    conditions.some(({ type, status }) => type === 'Programmed' && status === 'False'),
  )
}

function isRefused({ object, problems }: JudgedObject): boolean {
  if (object === undefined) return true
  return !isRoute(object) && !isPolicy(object) && problems.some(({ severity }) => severity === 'error')
}

function refusal({ problems, inForce }: JudgedObject, reason: string): SaidCondition {
  const errors = problems.filter(({ severity }) => severity === 'error')
  const [first] = errors
  const more = errors.length > 1 ? `; and ${errors.length - 1} more` : ''
  const kept = inForce === undefined ? '' : '; the last version that was accepted stays in force'
  return {
    type: 'Accepted',
    status: 'False',
    reason,
    message: `${first === undefined ? 'refused' : inWords(first)}${more}${kept}`,
  }
}

function inWords({ field, reason, remedy }: Problem): string {
  return `${field === '' ? '' : `${field}: `}${reason}${remedy === undefined ? '' : ` (${remedy})`}`
}

/** A policy's targets are in its own namespace; the Gateway API names it with the ancestor. */
function toAncestor({ group = '', kind = 'Service', name, sectionName }: RawRef, { namespace }: ObjectRef): RawRef {
  return { group, kind, namespace, name, ...(sectionName !== undefined && { sectionName }) }
}

/** How many proxies hold it changes all the time, which is no reason to write. */
const PROGRAMMED = {
  True: 'applied by every proxy that holds the Service',
  False: 'not applied yet by every proxy that holds the Service',
  Unknown: 'no proxy has asked for the Service yet',
} as const

function toSaid({ type, status, reason, message }: SaidCondition): SaidCondition {
  return { type, status, reason, message: type === 'Programmed' ? PROGRAMMED[status] : message }
}
