import { compareNames, type ObjectMeta } from '../object-meta.ts'

/**
 * Order of precedence of objects that conflict: the oldest first, then by namespace and name (Gateway API). Those without a
 * creation time come behind those that have one.
 */
export function compareAge(a: ObjectMeta, b: ObjectMeta): number {
  const [aMs, bMs] = [createdMs(a), createdMs(b)]
  if (aMs !== bMs) return aMs < bMs ? -1 : 1
  return compareNames(a, b)
}

function createdMs({ creationTimestamp }: ObjectMeta): number {
  const ms = Date.parse(creationTimestamp ?? '')
  return Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms
}
