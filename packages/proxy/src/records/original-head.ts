import type { RequestStep } from '@heddle/engine/route/filters'
import type { RequestHead } from '@heddle/http/message'

/** What a request was before its route changed it, as far as that is not in its head any more. */
export interface OriginalHead {
  readonly path: string
  readonly authority: string
  /** Of each name that the route changes, the values that came. */
  readonly fields: ReadonlyMap<string, readonly string[]>
}

/**
 * Keeps what `steps` are about to change of `head`; only requests whose route changes them need it.
 * @param before - what was kept already
 */
export function keepOriginal(
  { path, authority, fields }: RequestHead,
  steps: readonly RequestStep[],
  before?: OriginalHead,
): OriginalHead {
  const kept = new Map<string, readonly string[]>()
  const keep = (name: string) => kept.set(name, fields.getAll(name))
  for (const step of steps) {
    if (step.kind !== 'headers') continue
    for (const { name } of step.change.set) keep(name)
    for (const { name } of step.change.add) keep(name)
    for (const name of step.change.remove) keep(name)
  }
  return { path: before?.path ?? path, authority, fields: kept }
}
