import { isDeepStrictEqual } from 'node:util'
import type { RawRef } from '../sources/kubernetes/cluster-object.ts'
import { CONTROLLER_NAME } from './controller-name.ts'
import type { ShownCondition } from './shown-conditions.ts'

/** What a condition says; the rest of it is added where it is written. */
export type SaidCondition = Pick<ShownCondition, 'type' | 'status' | 'reason' | 'message'>

/** What is to be said about one reference of an object. */
export interface SaidOfRef {
  readonly ref: RawRef
  readonly conditions: readonly SaidCondition[]
}

/** Kubernetes' `metav1.Condition`. */
export interface WrittenCondition extends SaidCondition {
  readonly lastTransitionTime: string
  readonly observedGeneration: number
}

/** When, and of which generation of the object. */
export interface StatusMoment {
  readonly generation: number
  readonly nowMs: number
}

/** An entry of `status.parents` or `status.ancestors`. */
interface Entry {
  readonly controllerName?: string
  readonly parentRef?: RawRef
  readonly ancestorRef?: RawRef
  readonly conditions?: readonly Partial<WrittenCondition>[]
}

/**
 * The entries of `status.parents` or `status.ancestors` after what is to be said was put among them: those of others stay as they are, ours
 * about references that are gone go. A condition keeps the time since when it is so.
 *
 * @param entries - those that are there, everybody's
 * @returns `undefined` when they say that already
 */
export function mergeEntries(
  entries: readonly unknown[],
  said: readonly SaidOfRef[],
  { field, ...moment }: StatusMoment & { readonly field: 'parentRef' | 'ancestorRef' },
): readonly unknown[] | undefined {
  const ours = (entries as readonly Entry[]).filter(({ controllerName }) => controllerName === CONTROLLER_NAME)
  const wanted = said.map(({ ref, conditions }) => {
    const known = ours.find((entry) => isDeepStrictEqual(entry[field], ref))
    const told = mergeConditions(known?.conditions ?? [], conditions, moment)
    return { [field]: ref, controllerName: CONTROLLER_NAME, conditions: told ?? known?.conditions ?? [] }
  })
  if (isSameSet(ours, wanted)) return undefined
  return [...entries.filter((entry) => !ours.includes(entry as Entry)), ...wanted]
}

/**
 * Conditions after what is to be said was put among them; those of other types stay.
 *
 * @returns `undefined` when they say that already
 */
export function mergeConditions(
  present: readonly Partial<WrittenCondition>[],
  said: readonly SaidCondition[],
  { generation, nowMs }: StatusMoment,
): readonly Partial<WrittenCondition>[] | undefined {
  const wanted = said.map((condition): WrittenCondition => {
    const known = present.find(({ type }) => type === condition.type)
    const isAsBefore = known?.status === condition.status && known.lastTransitionTime !== undefined
    const lastTransitionTime = isAsBefore ? known.lastTransitionTime! : toTime(nowMs)
    const { type, status, reason, message } = condition
    return { type, status, reason, message, lastTransitionTime, observedGeneration: generation }
  })
  const types = new Set(said.map(({ type }) => type))
  const ours = present.filter(({ type }) => types.has(type!))
  if (isSameSet(ours, wanted)) return undefined
  return [...present.filter(({ type }) => !types.has(type!)), ...wanted]
}

/** Without fractions of a second, as Kubernetes writes times. */
function toTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

function isSameSet(a: readonly object[], b: readonly object[]): boolean {
  return a.length === b.length && b.every((wanted) => a.some((one) => isDeepStrictEqual(one, wanted)))
}
