import { ChangeType, type ConfigObject, type ObjectChange, type ObjectRef } from '@heddle/api/admin'
import { isAttachedKind } from '@heddle/api/kinds'
import type { ControlClient } from '../../client/control-client.ts'
import { formatObject } from './object-argument.ts'

/** As kubectl says it. */
const WORDS: Readonly<Record<ChangeType, string>> = {
  [ChangeType.UNSPECIFIED]: 'seen',
  [ChangeType.ADDED]: 'created',
  [ChangeType.CHANGED]: 'configured',
  [ChangeType.REMOVED]: 'deleted',
  [ChangeType.UNCHANGED]: 'unchanged',
}

/** What became of an object: `created`, `configured`, `deleted` or `unchanged`. */
export function changeWord(type: ChangeType): string {
  return WORDS[type]
}

/** `HTTPRoute shop/cart created`, and where it is written. */
export function formatChange({ ref, type, file }: ObjectChange): string {
  const place = type === ChangeType.UNCHANGED || file === '' ? '' : ` (${file})`
  return `${formatObject(ref)} ${changeWord(type)}${place}`
}

/** What is different afterwards. */
export function realChanges(changes: readonly ObjectChange[]): readonly ObjectChange[] {
  return changes.filter(({ type }) => type !== ChangeType.UNCHANGED)
}

/** The references of what changed. */
export function changedRefs(changes: readonly ObjectChange[]): readonly ObjectRef[] {
  return realChanges(changes).flatMap(({ ref }) => (ref === undefined ? [] : [ref]))
}

/** More would be a list to read, not a hint: `heddle get` shows all. */
const MAX_ASKED = 50

/** What of the objects that were given is not in force or leads nowhere, one sentence each. */
export async function listFaults(
  { admin }: ControlClient,
  changes: readonly ObjectChange[],
): Promise<readonly string[]> {
  const refs = changes
    .filter(({ type, ref }) => type !== ChangeType.REMOVED && isAttachedKind(ref?.kind ?? ''))
    .flatMap(({ ref }) => (ref === undefined ? [] : [ref]))
  const answers = await Promise.all(refs.slice(0, MAX_ASKED).map((ref) => admin.getObject({ ref })))
  return answers.flatMap(({ object }) => (object === undefined ? [] : describeFaults(object)))
}

/** Conditions of an object that are false, but for what is only on its way to the proxies. */
export function describeFaults({ ref, conditions }: ConfigObject): readonly string[] {
  return conditions
    .filter(({ type, status }) => status === 'False' && type !== 'Programmed')
    .map(({ about, type, reason, message }) => `${formatObject(ref)}, ${about}: not ${type} (${reason}): ${message}`)
}
