import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GENERATED_PAGES } from './generated-pages.ts'

/**
 * `npm run gen`: writes everything that is generated: the code of the protobuf services, and pages of `docs/`.
 * With `--check` nothing is written; what is stale is named, and the exit status is 1.
 */
async function main(args: readonly string[]): Promise<void> {
  const [mode, ...rest] = args
  if (rest.length > 0 || (mode !== undefined && mode !== '--check')) {
    process.stderr.write('usage: gen.ts [--check]\n')
    process.exitCode = 2
    return
  }
  if (mode === undefined) return await writeAll()
  const stale = [...staleCode(), ...(await stalePages())]
  for (const path of stale) process.stderr.write(`${path} is stale\n`)
  if (stale.length === 0) return
  process.stderr.write('run: npm run gen\n')
  process.exitCode = 1
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const API = join(ROOT, 'packages/api')
const CODE = 'src/gen'

async function writeAll(): Promise<void> {
  runBuf('generate')
  process.stdout.write(`packages/api/${CODE}\n`)
  for (const page of GENERATED_PAGES) {
    writeFileSync(join(ROOT, page.path), await page.render())
    process.stdout.write(`${page.path}\n`)
  }
}

/** Generates beside the tree: a check must not touch what somebody is working on. */
function staleCode(): readonly string[] {
  const fresh = mkdtempSync(join(tmpdir(), 'heddle-gen-'))
  try {
    runBuf('generate', '--output', fresh)
    return differences(join(API, CODE), join(fresh, CODE)).map((path) => join('packages/api', CODE, path))
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

async function stalePages(): Promise<readonly string[]> {
  const stale: string[] = []
  for (const page of GENERATED_PAGES) {
    const fresh = await page.render()
    if (readOrNothing(join(ROOT, page.path)) !== fresh) stale.push(page.path)
  }
  return stale
}

function differences(kept: string, fresh: string): readonly string[] {
  const paths = new Set([...filesOf(kept), ...filesOf(fresh)])
  return [...paths].sort().filter((path) => readOrNothing(join(kept, path)) !== readOrNothing(join(fresh, path)))
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
}

function readOrNothing(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function runBuf(...args: readonly string[]): void {
  const bin = join(ROOT, 'node_modules/.bin')
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` }
  const buf = spawnSync(join(bin, 'buf'), args, { cwd: API, env, stdio: ['ignore', 'inherit', 'inherit'] })
  if (buf.status !== 0)
    throw new Error(`buf ${args.join(' ')} failed (${buf.error?.message ?? `status ${buf.status}`})`)
}

await main(process.argv.slice(2))
