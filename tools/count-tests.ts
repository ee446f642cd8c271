import { countTests } from './test-reports.ts'

/** `count-tests.ts FOLDER`: one plain line about the reports of a test run. Exit status 1 when there is nothing to count. */
const { passed, failed, skipped } = countTests(process.argv[2] ?? '.')
if (skipped > 0) process.stdout.write(`${skipped} skipped\n`)
if (passed + failed > 0) process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = passed + failed > 0 ? 0 : 1
