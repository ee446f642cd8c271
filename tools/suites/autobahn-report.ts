import type { CaseOutcome } from './outcome.ts'

interface AutobahnCase {
  readonly behavior: string
  readonly behaviorClose: string
  readonly duration: number
  readonly remoteCloseCode: number | null
  /** Name of the file that tells more of it. */
  readonly reportfile: string
}

/** What that file has for those who look for the cause; there is much more in it. */
interface AutobahnDetails {
  readonly result: string
  readonly resultClose: string
  readonly wasNotCleanReason: string | null
}

/** `NON-STRICT` is a right answer that came later than it could; `INFORMATIONAL` cases have no right answer. */
const GOOD: readonly string[] = ['OK', 'NON-STRICT', 'INFORMATIONAL']

/**
 * Reads the `index.json` of the Autobahn test suite's report on one agent.
 *
 * @param target - what was tested, for the names of the cases
 * @param readFile - gives a file of the report by its name; asked for cases that failed
 */
export function readAutobahnIndex(
  json: string,
  target: string,
  readFile: (name: string) => string,
): readonly CaseOutcome[] {
  const [cases = {}] = Object.values(
    JSON.parse(json) as Readonly<Record<string, Readonly<Record<string, AutobahnCase>>>>,
  )
  return Object.entries(cases).map(([id, one]) => {
    const passed = GOOD.includes(one.behavior) && GOOD.includes(one.behaviorClose)
    const detail = passed ? '' : describe(one, JSON.parse(readFile(one.reportfile)) as AutobahnDetails)
    return { name: `${target}: case ${id}`, passed, detail, tookMs: one.duration }
  })
}

function describe({ behavior, behaviorClose, remoteCloseCode }: AutobahnCase, details: AutobahnDetails): string {
  const { result, resultClose, wasNotCleanReason } = details
  const why = wasNotCleanReason === null ? '' : ` (${wasNotCleanReason})`
  return `${behavior}: ${result}\nat its end ${behaviorClose}: ${resultClose}${why}, close code ${remoteCloseCode}`
}
