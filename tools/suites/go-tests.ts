import type { CaseOutcome } from './outcome.ts'

/** "    --- PASS: TestConformance/MeshBasic (3.52s)" */
const RESULT = /^ *--- (PASS|FAIL|SKIP): (\S+) \((\d+\.\d+)s\)$/

/**
 * Reads what `go test -v` prints. Only tests right below `parent` count: those are what a suite calls its tests. Skipped ones are left out.
 */
export function readGoTests(output: string, parent: string): readonly CaseOutcome[] {
  const lines = output.split('\n')
  return lines.flatMap((line) => {
    const [, result, path = '', seconds] = RESULT.exec(line) ?? []
    const [top, name, ...deeper] = path.split('/')
    if (top !== parent || name === undefined || deeper.length > 0 || result === 'SKIP') return []
    const passed = result === 'PASS'
    return [
      { name, passed, detail: passed ? '' : complaintsOf(lines, `${parent}/${name}`), tookMs: Number(seconds) * 1000 },
    ]
  })
}

/** Lines that a failed test, or one below it, has printed: those after its "=== NAME" or "=== RUN" up to the next test's. */
function complaintsOf(lines: readonly string[], path: string): string {
  let isOurs = false
  const ours = lines.filter((line) => {
    const [, of] = /^=== (?:RUN|NAME|CONT) +(\S+)/.exec(line) ?? []
    if (of !== undefined) isOurs = of === path || of.startsWith(`${path}/`)
    return isOurs && of === undefined
  })
  return ours.slice(-40).join('\n')
}
