import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { whyNoCluster } from '../e2e/cluster/programs.ts'
import { readCounts, vitestReport } from './test-reports.ts'

/**
 * `make test-kube`: tests on a real cluster, one for all of them; see CONTRIBUTING.md. Further arguments go to Vitest: file names,
 * `-t NAME`. The last line is `N passed, N failed`.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const NAME = 'kube'

const lack = whyNoCluster('node')
if (lack === undefined) process.exitCode = runTests()
else {
  process.stderr.write(`error: ${lack}\n`)
  process.exitCode = 1
}

function runTests(): number {
  const own = mkdtempSync(join(tmpdir(), 'heddle-test-kube-'))
  try {
    return runVitest(process.env.HEDDLE_TEST_REPORTS || own)
  } finally {
    rmSync(own, { recursive: true })
  }
}

function runVitest(reports: string): number {
  const config = ['--config', 'e2e/cluster/vitest.config.ts']
  const args = ['run', ...config, ...vitestReport({ HEDDLE_TEST_REPORTS: reports }, NAME), ...process.argv.slice(2)]
  const vitest = join(ROOT, 'node_modules/.bin/vitest')
  const { status } = spawnSync(vitest, args, { cwd: ROOT, stdio: 'inherit' })
  const report = join(reports, `${NAME}.xml`)
  const { passed, failed } = readCounts(existsSync(report) ? readFileSync(report, 'utf8') : '')
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  return status === 0 && passed > 0 ? 0 : 1
}
