import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Folder for reports of test runs (JUnit XML), when somebody wants to count them afterwards. */
const FOLDER_VARIABLE = 'HEDDLE_TEST_REPORTS'

type Environment = Readonly<Record<string, string | undefined>>

/** Arguments that make Vitest write a report called `name`; none when nobody counts. */
export function vitestReport(env: Environment, name: string): readonly string[] {
  const file = fileOf(env, name)
  return file === undefined ? [] : ['--reporter=default', '--reporter=junit', `--outputFile.junit=${file}`]
}

/** The same for Bun. */
export function bunReport(env: Environment, name: string): readonly string[] {
  const file = fileOf(env, name)
  return file === undefined ? [] : ['--reporter=junit', `--reporter-outfile=${file}`]
}

export interface TestCounts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** Adds up the reports in `folder`. */
export function countTests(folder: string): TestCounts {
  let total: TestCounts = { passed: 0, failed: 0, skipped: 0 }
  for (const name of globSync('*.xml', { cwd: folder })) {
    const { passed, failed, skipped } = readCounts(readFileSync(join(folder, name), 'utf8'))
    total = { passed: total.passed + passed, failed: total.failed + failed, skipped: total.skipped + skipped }
  }
  return total
}

/** Reads one JUnit report. Test cases are counted themselves: what the summary of each tool includes differs. */
export function readCounts(xml: string): TestCounts {
  let [passed, failed, skipped] = [0, 0, 0]
  for (const [, head, body] of xml.matchAll(/<testcase\b((?:"[^"]*"|[^">])*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    if (head === undefined) continue
    if (/<(failure|error)\b/.test(body ?? '')) failed += 1
    else if (/<skipped\b/.test(body ?? '')) skipped += 1
    else passed += 1
  }
  return { passed, failed, skipped }
}

function fileOf(env: Environment, name: string): string | undefined {
  const folder = env[FOLDER_VARIABLE]
  return folder === undefined || folder === '' ? undefined : join(folder, `${name}.xml`)
}
