import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CliError, messageOf } from '../cli-error.ts'
import type { CliDeps } from '../command.ts'
import { findBun, PROXY_ENTRY } from '../process/repository.ts'
import { lifeTie } from '../site/life-tie.ts'
import { startForeground } from './foreground.ts'
import { parseStaticFile } from './static-file.ts'

const PASSED_ON: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP']

/**
 * Runs one proxy from a file, in place of this process: same terminal, signals passed on.
 *
 * @param file - absolute
 * @returns the exit status of the proxy
 * @throws {CliError} when the file cannot be used
 */
export async function runStaticProxy(file: string, deps: CliDeps): Promise<number> {
  const config = parseStaticFile(await readText(file), file)
  const folder = await mkdtemp(join(tmpdir(), 'heddle-proxy-'))
  try {
    // The proxy reads JSON only: a YAML parser has no place in it.
    const plain = join(folder, 'static.json')
    await writeFile(plain, JSON.stringify(config), { mode: 0o600 })
    return await runProxy(plain, deps)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function runProxy(file: string, { env, cwd }: CliDeps): Promise<number> {
  const proxy = await startForeground({
    command: [...lifeTie(), findBun(), PROXY_ENTRY, '--static', file],
    env: Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)) as Record<string, string>,
    cwd,
  })
  const receive = (name: NodeJS.Signals): void => {
    // The terminal has given Ctrl-C to the proxy as well.
    if (name !== 'SIGINT' || !process.stdin.isTTY) proxy.signal(name)
  }
  for (const name of PASSED_ON) process.on(name, receive)
  try {
    return await proxy.exited
  } finally {
    for (const name of PASSED_ON) process.off(name, receive)
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new CliError(`cannot read ${file}: ${messageOf(error)}`)
  }
}
