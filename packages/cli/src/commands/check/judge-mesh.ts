import { type Category, type CategoryResult, judgeAll, type MeshFacts } from './check.ts'
import { AUTHORITY, CONFIGURATION, CONTROL_PLANE } from './control-plane-checks.ts'
import { PROXIES, SECURITY, WORKLOADS } from './workload-checks.ts'

/** Every check of a mesh on one host, in the order it is shown. */
export const CATEGORIES: readonly Category<MeshFacts>[] = [
  CONTROL_PLANE,
  CONFIGURATION,
  AUTHORITY,
  WORKLOADS,
  PROXIES,
  SECURITY,
]

/** Judges a mesh on one host. */
export function judgeMesh(facts: MeshFacts): readonly CategoryResult[] {
  return judgeAll(CATEGORIES, facts)
}

/** What is left to say when the control plane could not be asked: its first check failed, and nothing else is known. */
export function judgeUnreachable(message: string, hints: readonly string[]): readonly CategoryResult[] {
  const { id, description } = CONTROL_PLANE.checks[0]!
  const remedy = hints.length === 0 ? 'Look at the log of the control plane.' : `${hints.join('; ')}.`
  return [
    { name: CONTROL_PLANE.name, checks: [{ id, description, verdict: { kind: 'error', details: [message], remedy } }] },
  ]
}
