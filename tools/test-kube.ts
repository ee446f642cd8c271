import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { canRunCluster } from '../e2e/cluster/programs.ts'
import { readCounts, vitestReport } from './test-reports.ts'

/**
 * `make test-kube`: tests on a real cluster, one for all of them; see CONTRIBUTING.md. Further arguments go to Vitest: file names,
 * `-t NAME`. The last line is `N passed, N failed`.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url))

const NAME = 'kube'

const own = mkdtempSync(join(tmpdir(), 'heddle-test-kube-'))
try {
  process.exitCode = canRunCluster('node') ? runTests(process.env.HEDDLE_TEST_REPORTS || own) : refuse()
} finally {
  rmSync(own, { recursive: true })
}

function runTests(reports: string): number {
  const args = [
    'run',
    '--config',
    'e2e/cluster/vitest.config.ts',
    ...vitestReport({ HEDDLE_TEST_REPORTS: reports }, NAME),
  ]
  const vitest = join(ROOT, 'node_modules/.bin/vitest')
  const { status } = spawnSync(vitest, [...args, ...process.argv.slice(2)], { cwd: ROOT, stdio: 'inherit' })
  const report = join(reports, `${NAME}.xml`)
  const { passed, failed } = readCounts(existsSync(report) ? readFileSync(report, 'utf8') : '')
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  return status === 0 && passed > 0 ? 0 : 1
}

function refuse(): number {
  process.stderr.write(
    'error: a cluster needs Linux, root and the programs above; as root on Debian tools/setup.sh installs them\n',
  )
  return 1
}
