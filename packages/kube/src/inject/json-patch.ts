import { isDeepStrictEqual } from 'node:util'
import { isMap } from '@heddle/base/is-map'

/** One step of a JSON patch (RFC 6902), of the operations that injection needs. */
export type PatchStep =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }

/**
 * The steps that make `after` of `before`, both as JSON has them. Fields that are equal are not touched; entries that were put into a
 * list in one place, or taken out of it, leave the others alone. The path `''` is never removed.
 */
export function diffJson(before: unknown, after: unknown, path = ''): readonly PatchStep[] {
  if (isDeepStrictEqual(before, after)) return []
  if (isMap(before) && isMap(after)) return diffMaps(before, after, path)
  if (Array.isArray(before) && Array.isArray(after)) return diffLists(before, after, path)
  return [{ op: 'replace', path, value: after }]
}

type Fields = Readonly<Record<string, unknown>>

function diffMaps(before: Fields, after: Fields, path: string): readonly PatchStep[] {
  const steps: PatchStep[] = []
  for (const [name, value] of Object.entries(before)) {
    const at = `${path}/${escapeStep(name)}`
    if (!Object.hasOwn(after, name)) steps.push({ op: 'remove', path: at })
    else steps.push(...diffJson(value, after[name], at))
  }
  for (const [name, value] of Object.entries(after)) {
    if (!Object.hasOwn(before, name)) steps.push({ op: 'add', path: `${path}/${escapeStep(name)}`, value })
  }
  return steps
}

/** What both begin and end with stays; of the same length between, entry by entry. */
function diffLists(before: readonly unknown[], after: readonly unknown[], path: string): readonly PatchStep[] {
  const most = Math.min(before.length, after.length)
  let head = 0
  while (head < most && isDeepStrictEqual(before[head], after[head])) head += 1
  let tail = 0
  while (tail < most - head && isDeepStrictEqual(before[before.length - 1 - tail], after[after.length - 1 - tail]))
    tail += 1
  const [old, fresh] = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)]
  const shared = Math.min(old.length, fresh.length)
  const steps: PatchStep[] = []
  for (let i = 0; i < shared; i++) steps.push(...diffJson(old[i], fresh[i], `${path}/${head + i}`))
  // From behind, so that the places of those before stay.
  for (let i = old.length - 1; i >= shared; i--) steps.push({ op: 'remove', path: `${path}/${head + i}` })
  for (let i = shared; i < fresh.length; i++) steps.push({ op: 'add', path: `${path}/${head + i}`, value: fresh[i] })
  return steps
}

/** The steps of a path (RFC 6901), unescaped. */
export function splitPointer(path: string): readonly string[] {
  return path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function escapeStep(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1')
}
