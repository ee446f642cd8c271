import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** One case of a suite from outside. */
export interface CaseOutcome {
  readonly name: string
  readonly passed: boolean
  /** Why it failed; empty when it passed. */
  readonly detail: string
  readonly tookMs: number
}

/**
 * Says which cases failed, and as the last line `N passed, N failed`. Writes a report of the suite where somebody counts tests.
 *
 * @returns exit status; 1 also when there was no case
 */
export function reportSuite(suite: string, outcomes: readonly CaseOutcome[]): number {
  const folder = process.env.HEDDLE_TEST_REPORTS
  if (folder) writeFileSync(join(folder, `${suite}.xml`), toJunit(suite, outcomes))
  const failed = outcomes.filter(({ passed }) => !passed)
  for (const { name, detail } of failed) {
    process.stdout.write(`✗ ${name}\n${detail.trimEnd().replaceAll(/^/gm, '    ')}\n`)
  }
  process.stdout.write(`${outcomes.length - failed.length} passed, ${failed.length} failed\n`)
  return failed.length === 0 && outcomes.length > 0 ? 0 : 1
}

/** A report as of JUnit. */
export function toJunit(suite: string, outcomes: readonly CaseOutcome[]): string {
  const cases = outcomes.map(({ name, passed, detail, tookMs }) => {
    const failure = passed ? '' : `<failure>${escapeXml(detail)}</failure>`
    return `<testcase name="${escapeXml(name)}" time="${(tookMs / 1000).toFixed(3)}">${failure}</testcase>\n`
  })
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="${escapeXml(suite)}">\n${cases.join('')}</testsuite>\n`
}

const ESCAPES: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' }

function escapeXml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: which XML has no way to write
  return text.replaceAll(/[<>&"]/g, (character) => ESCAPES[character]!).replaceAll(/[\0-\x08\x0b\x0c\x0e-\x1f]/g, '?')
}
