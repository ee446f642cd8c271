import { formatRef, refOf } from '../kinds/mesh-object.ts'
import { checkAddresses } from './check-addresses.ts'
import { checkOverlaps } from './check-overlaps.ts'
import { checkPolicies } from './check-policies.ts'
import { checkRoutes } from './check-routes.ts'
import { checkServices } from './check-services.ts'
import { checkWorkloads } from './check-workloads.ts'
import { errorAt } from './finding.ts'
import { type ManifestEntry, placeOf, type Refusals, titleOf, toManifestSet } from './manifest-set.ts'
import type { Problem } from './problem.ts'

/**
 * Checks objects against each other.
 *
 * @param nowMs - wall time; `undefined`: what depends on the time is not looked at
 */
export function checkTogether(
  entries: readonly ManifestEntry[],
  refusals: Refusals,
  nowMs: number | undefined,
): Problem[] {
  const set = toManifestSet(entries, refusals)
  return [
    ...checkNames(entries),
    ...checkAddresses(set),
    ...checkServices(set),
    ...checkWorkloads(set),
    ...checkRoutes(set),
    ...checkOverlaps(set),
    ...checkPolicies(set, nowMs),
  ]
}

function checkNames(entries: readonly ManifestEntry[]): Problem[] {
  const firsts = new Map<string, ManifestEntry>()
  const problems: Problem[] = []
  for (const entry of entries) {
    const key = formatRef(refOf(entry.object))
    const first = firsts.get(key)
    if (first === undefined) firsts.set(key, entry)
    else
      problems.push(
        entry.raw.problem(
          errorAt(['metadata', 'name'], `${titleOf(entry.object)} is defined at ${placeOf(first)} already`),
        ),
      )
  }
  return problems
}
