import type { Category, MeshFacts, Verdict } from './check.ts'
import { AUTHORITY, CONFIGURATION, CONTROL_PLANE } from './control-plane-checks.ts'
import { PROXIES, SECURITY, WORKLOADS } from './workload-checks.ts'

/** Every check, in the order it is shown. */
export const CATEGORIES: readonly Category[] = [CONTROL_PLANE, CONFIGURATION, AUTHORITY, WORKLOADS, PROXIES, SECURITY]

/** A check with its verdict. */
export interface CheckResult {
  readonly id: string
  readonly description: string
  readonly verdict: Verdict
}

export interface CategoryResult {
  readonly name: string
  readonly checks: readonly CheckResult[]
}

/** Judges everything. */
export function judgeMesh(facts: MeshFacts): readonly CategoryResult[] {
  return CATEGORIES.map(({ name, checks }) => ({
    name,
    checks: checks.map(({ id, description, judge }) => ({ id, description, verdict: judge(facts) })),
  }))
}

/** What is left to say when the control plane could not be asked: its first check failed, and nothing else is known. */
export function judgeUnreachable(message: string, hints: readonly string[]): readonly CategoryResult[] {
  const { id, description } = CONTROL_PLANE.checks[0]!
  const remedy = hints.length === 0 ? 'Look at the log of the control plane.' : `${hints.join('; ')}.`
  return [
    { name: CONTROL_PLANE.name, checks: [{ id, description, verdict: { kind: 'error', details: [message], remedy } }] },
  ]
}

/** Whether nothing is an error; warnings are allowed. */
export function isHealthy(results: readonly CategoryResult[]): boolean {
  return results.every(({ checks }) => checks.every(({ verdict }) => verdict.kind !== 'error'))
}
