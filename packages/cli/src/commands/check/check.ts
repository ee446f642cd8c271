import type {
  ConfigObject,
  Edge,
  GetHealthResponse,
  GetVersionResponse,
  ProxyStatus,
  StatRow,
  WorkloadInstance,
} from '@heddle/api/admin'

/** What one look at the mesh brought; the checks judge it. */
export interface MeshFacts {
  readonly clientVersion: string
  readonly version: GetVersionResponse
  readonly health: GetHealthResponse
  /** Routes and policies that are not in force or lead nowhere. */
  readonly faultyObjects: readonly ConfigObject[]
  /** This host's clock when the control plane told its own, in ms since the epoch. */
  readonly localNowMs: number
  /** How long that answer was on its way, at most. */
  readonly roundTripMs: number
  /** Every Workload object, with the instances it should have as `total`. */
  readonly deployments: readonly StatRow[]
  /** The instances that are known. */
  readonly workloads: readonly WorkloadInstance[]
  readonly proxies: readonly ProxyStatus[]
  readonly edges: readonly Edge[]
}

/** The verdict of one check. A warning does not fail the command. */
export type Verdict =
  | { readonly kind: 'success' }
  | {
      readonly kind: 'warning' | 'error'
      /** What is wrong, with names and numbers; one line for each thing. */
      readonly details: readonly string[]
      /** What to do about it. */
      readonly remedy: string
    }

/** One thing to look at. */
export interface Check<F> {
  /** Stable; the heading in docs/reference/checks.md. */
  readonly id: string
  /** Said as it is when all is well: "control plane answers". */
  readonly description: string
  /** For the page: what it means when it is not so, in Markdown. */
  readonly about: string
  readonly judge: (facts: F) => Verdict
  /** Nothing behind it can be known when it fails. */
  readonly isFatal?: true
}

/** Checks that belong together, in the order they are shown. */
export interface Category<F> {
  readonly name: string
  readonly checks: readonly Check<F>[]
}

/** A check with its verdict. */
export interface CheckResult {
  readonly id: string
  readonly description: string
  readonly verdict: Verdict
}

/** The checks of a category that were made: none after one that is fatal and failed. */
export interface CategoryResult {
  readonly name: string
  readonly checks: readonly CheckResult[]
}

/** Judges everything, up to a check that is fatal and failed. */
export function judgeAll<F>(categories: readonly Category<F>[], facts: F): readonly CategoryResult[] {
  const results: CategoryResult[] = []
  for (const { name, checks } of categories) {
    const judged: CheckResult[] = []
    results.push({ name, checks: judged })
    for (const { id, description, judge, isFatal } of checks) {
      const verdict = judge(facts)
      judged.push({ id, description, verdict })
      if (isFatal === true && verdict.kind === 'error') return results
    }
  }
  return results
}

/** Whether nothing is an error; warnings are allowed. */
export function isHealthy(results: readonly CategoryResult[]): boolean {
  return results.every(({ checks }) => checks.every(({ verdict }) => verdict.kind !== 'error'))
}

export const SUCCESS: Verdict = { kind: 'success' }

/** Success when there is nothing to tell. */
export function errorUnlessEmpty(details: readonly string[], remedy: string): Verdict {
  return details.length === 0 ? SUCCESS : { kind: 'error', details, remedy }
}

/** As {@link errorUnlessEmpty} for what can be lived with. */
export function warningUnlessEmpty(details: readonly string[], remedy: string): Verdict {
  return details.length === 0 ? SUCCESS : { kind: 'warning', details, remedy }
}
