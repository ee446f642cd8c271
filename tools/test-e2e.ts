import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { vitestReport } from './test-reports.ts'

/** `make e2e`: the whole system under test. Further arguments go to Vitest: file names, `-t NAME`. */
const ROOT = fileURLToPath(new URL('..', import.meta.url))

const report = vitestReport(process.env, 'e2e')
const args = ['run', '--config', 'e2e/vitest.config.ts', ...report, ...process.argv.slice(2)]
const vitest = spawnSync(join(ROOT, 'node_modules/.bin/vitest'), args, { cwd: ROOT, stdio: 'inherit' })
if (vitest.error !== undefined) process.stderr.write(`vitest: ${vitest.error.message}\n`)
process.exitCode = vitest.status ?? 1
