import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BUN_PARTS, findBunTestFiles } from './bun-test-files.ts'
import { bunReport } from './test-reports.ts'

/** `npm run test:bun`: the tests of what the proxy is made of, on the runtime it runs on. Arguments are folders of packages: those alone. */
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TEST_TIMEOUT_MS = 60_000

const parts = process.argv.slice(2)
const files = findBunTestFiles(ROOT, parts.length > 0 ? parts : BUN_PARTS)
const args = ['test', `--timeout=${TEST_TIMEOUT_MS}`, ...bunReport(process.env, 'bun'), ...files]
const bun = spawnSync(join(ROOT, 'node_modules/.bin/bun'), args, { cwd: ROOT, stdio: 'inherit' })
if (bun.error !== undefined) process.stderr.write(`bun: ${bun.error.message}\n`)
process.exitCode = bun.status ?? 1
