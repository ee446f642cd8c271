import type { ObjectMeta } from '../object-meta.ts'

/**
 * Order of precedence of objects that conflict: the oldest first, then by namespace and name (Gateway API). Those without a
 * creation time come behind those that have one.
 */
export function compareAge(a: ObjectMeta, b: ObjectMeta): number {
  const [aMs, bMs] = [createdMs(a), createdMs(b)]
  if (aMs !== bMs) return aMs < bMs ? -1 : 1
  return compareTexts(a.namespace, b.namespace) || compareTexts(a.name, b.name)
}

function createdMs({ creationTimestamp }: ObjectMeta): number {
  const ms = Date.parse(creationTimestamp ?? '')
  return Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms
}

/** By code units, so that every machine has the same order. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
