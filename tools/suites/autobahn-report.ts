import type { CaseOutcome } from './outcome.ts'

interface AutobahnCase {
  readonly behavior: string
  readonly behaviorClose: string
  readonly duration: number
  readonly remoteCloseCode: number | null
}

/** `NON-STRICT` is a right answer that came later than it could; `INFORMATIONAL` cases have no right answer. */
const GOOD: readonly string[] = ['OK', 'NON-STRICT', 'INFORMATIONAL']

/**
 * Reads the `index.json` of the Autobahn test suite's report on one agent.
 *
 * @param target - what was tested, for the names of the cases
 */
export function readAutobahnIndex(json: string, target: string): readonly CaseOutcome[] {
  const [cases = {}] = Object.values(
    JSON.parse(json) as Readonly<Record<string, Readonly<Record<string, AutobahnCase>>>>,
  )
  return Object.entries(cases).map(([id, { behavior, behaviorClose, duration, remoteCloseCode }]) => {
    const passed = GOOD.includes(behavior) && GOOD.includes(behaviorClose)
    const detail = `${behavior}, at its end ${behaviorClose}, close code ${remoteCloseCode}`
    return { name: `${target}: case ${id}`, passed, detail: passed ? '' : detail, tookMs: duration }
  })
}
