import { create } from '@bufbuild/protobuf'
import {
  ChangeType,
  type ConditionChange,
  ConditionChangeSchema,
  type ObjectChange,
  ObjectChangeSchema,
  type PlanObjectsRequest,
  type PlanObjectsResponse,
  PlanObjectsResponseSchema,
} from '@heddle/api/admin'
import { formatRef, type MeshObject, refOf } from '@heddle/api/kinds'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import type { Clock } from '@heddle/base/clock'
import { compareTexts } from '@heddle/base/compare-texts'
import { createModel, type Model } from '../model/model.ts'
import type { ObjectStore, PreparedEdit } from '../sources/object-store.ts'
import { hasError } from '../sources/prepare-edit.ts'
import { type ObjectCondition, objectConditions } from '../status/object-conditions.ts'
import { toManifest } from '../status/object-manifest.ts'
import { compareDestinations } from './compare-destinations.ts'
import { toProblems } from './problem-message.ts'

export interface PlanDeps {
  readonly model: Model
  readonly clock: Clock
  readonly trustDomain: string
}

/** Of a mesh whose every destination changes nobody reads more. */
const MAX_DESTINATIONS = 1_000

/** What an edit would change: objects, what proxies are told, and conditions. Changes nothing. */
export async function planObjects(
  { files, remove, defaultNamespace }: Pick<PlanObjectsRequest, 'files' | 'remove' | 'defaultNamespace'>,
  store: ObjectStore,
  deps: PlanDeps,
): Promise<PlanObjectsResponse> {
  const prepared = await store.prepare({ files, remove, ...(defaultNamespace !== '' && { defaultNamespace }) })
  const problems = toProblems(prepared.problems)
  if (hasError(prepared.problems)) return create(PlanObjectsResponseSchema, { problems })
  const { model, clock } = deps
  const ended = new AbortController()
  const after = createModel({ clock, signal: ended.signal })
  after.applyObjects({ upserted: prepared.objects, removed: [] })
  const destinations = compareDestinations(model, after, deps)
  const conditions = compareConditions(model, after, clock.nowMs())
  ended.abort()
  return create(PlanObjectsResponseSchema, {
    problems,
    changes: objectChanges(prepared, remove, model),
    destinations: destinations.slice(0, MAX_DESTINATIONS),
    destinationsLeftOut: Math.max(0, destinations.length - MAX_DESTINATIONS),
    conditions,
    notPlanned: [...prepared.notActedOn],
  })
}

/** What becomes of the objects of an edit, in the order in which they were given. */
export function objectChanges(
  { given, fileOf }: PreparedEdit,
  remove: readonly ObjectRef[],
  model: Pick<Model, 'object'>,
): ObjectChange[] {
  const upserts = given.map((object) => changeOf(refOf(object), model, object))
  const removals = remove.map((ref) => changeOf(ref, model, undefined))
  return [...upserts, ...removals].map(({ ref, type, before, after }) => {
    const file = fileOf.get(formatRef(ref)) ?? ''
    return create(ObjectChangeSchema, { ref, type, file, ...(before && { before }), ...(after && { after }) })
  })
}

function changeOf(ref: ObjectRef, model: Pick<Model, 'object'>, object: MeshObject | undefined) {
  const known = model.object(ref.kind as MeshObject['kind'], ref.namespace, ref.name)
  const before = known && toManifest(known)
  const after = object && toManifest(object)
  if (after === undefined) return { ref, type: ChangeType.REMOVED, before, after }
  if (before === undefined) return { ref, type: ChangeType.ADDED, before, after }
  const isSame = JSON.stringify(before) === JSON.stringify(after)
  return { ref, type: isSame ? ChangeType.UNCHANGED : ChangeType.CHANGED, before, after }
}

function compareConditions(before: Model, after: Model, nowMs: number): ConditionChange[] {
  const refs = new Map(
    [...before.objects(), ...after.objects()].map((object) => [formatRef(refOf(object)), refOf(object)]),
  )
  return [...refs]
    .sort(([a], [b]) => compareTexts(a, b))
    .flatMap(([, ref]) => {
      const [old, now] = [conditionsOf(before, ref, nowMs), conditionsOf(after, ref, nowMs)]
      return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => {
        const [was, is] = [old.get(key), now.get(key)]
        if (was?.status === is?.status && was?.reason === is?.reason && was?.message === is?.message) return []
        return create(ConditionChangeSchema, { ref, ...(was && { before: was }), ...(is && { after: is }) })
      })
    })
}

/** By what they are about and type. */
function conditionsOf(model: Model, ref: ObjectRef, nowMs: number): Map<string, Omit<ObjectCondition, 'index'>> {
  const object = model.object(ref.kind as MeshObject['kind'], ref.namespace, ref.name)
  const conditions = object === undefined ? [] : objectConditions(object, { lookup: model.lookup, nowMs })
  return new Map(conditions.map(({ index: _, ...condition }) => [`${condition.about} ${condition.type}`, condition]))
}
