import { formatRef, type Policy } from '../kinds/mesh-object.ts'
import { findExpired, findTargetFault } from '../kinds/status/policy-status.ts'
import { type Finding, type Path, warningAt } from './finding.ts'
import type { ManifestSet } from './manifest-set.ts'
import type { Problem } from './problem.ts'

/** A fault that goes on longer than this is probably no test. */
const LONG_FAULT_MS = 30 * 86_400_000

/**
 * Policies are attached to something, and in force. Warnings, as with routes.
 *
 * @param nowMs - `undefined`: the time is not looked at
 */
export function checkPolicies(set: ManifestSet, nowMs: number | undefined): Problem[] {
  return set.policies.flatMap(({ object, raw }) => {
    const findings = [...checkTargets(object, set), ...(nowMs === undefined ? [] : checkEnd(object, nowMs))]
    return findings.map((finding) => raw.problem(finding))
  })
}

function checkTargets(policy: Policy, set: ManifestSet): Finding[] {
  const { namespace } = policy.metadata
  return policy.spec.targetRefs.flatMap((target, i) => {
    const { kind, name, sectionName } = target
    const isThere = set.byRef.has(formatRef({ kind, namespace, name }))
    if (!isThere && set.mayHide({ kind, namespace, name })) return []
    const fault = findTargetFault(policy, target, set.lookup)
    if (fault === undefined) return []
    const path: Path = ['spec', 'targetRefs', i]
    const reason = `${fault.message}; the policy is not in force there`
    if (isThere) {
      return warningAt(sectionName === undefined ? path : [...path, 'sectionName'], reason)
    }
    return warningAt([...path, 'name'], reason, set.meantName({ kind, namespace, name }))
  })
}

function checkEnd(policy: Policy, nowMs: number): Finding[] {
  if (policy.kind !== 'FaultPolicy') return []
  const expired = findExpired(policy, nowMs)
  if (expired !== undefined) return [warningAt(['spec', 'until'], `has no effect: ${expired.message}`)]
  const leftMs = Date.parse(policy.spec.until) - nowMs
  if (leftMs <= LONG_FAULT_MS) return []
  return [warningAt(['spec', 'until'], `is ${Math.floor(leftMs / 86_400_000)} days away: faults are for tests`)]
}
