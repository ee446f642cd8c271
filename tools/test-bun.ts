import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BUN_PARTS, findBunTestFiles } from './bun-test-files.ts'
import { endWithUsage, readOptions } from './read-options.ts'
import { bunReport } from './test-reports.ts'

/** `npm run test:bun`: the tests of what the proxy is made of, on the runtime it runs on. Arguments are folders of packages: those alone. */
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TEST_TIMEOUT_MS = 120_000

const USAGE = 'usage: node tools/test-bun.ts [packages/NAME...]'
const { positionals: parts } = readOptions(USAGE, { allowPositionals: true })
const files = findBunTestFiles(ROOT, parts.length > 0 ? parts : BUN_PARTS)
if (files.length === 0) endWithUsage(USAGE, `${parts.join(' ')}: no tests for Bun are there`)
const args = ['test', `--timeout=${TEST_TIMEOUT_MS}`, ...bunReport(process.env, 'bun'), ...files]
const bun = spawnSync(join(ROOT, 'node_modules/.bin/bun'), args, { cwd: ROOT, stdio: 'inherit' })
if (bun.error !== undefined) process.stderr.write(`bun: ${bun.error.message}\n`)
process.exitCode = bun.status ?? 1
