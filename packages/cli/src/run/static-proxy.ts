import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CliDeps } from '../command.ts'
import { unreadable } from '../commands/manifest-paths.ts'
import { findBun, PROXY_ENTRY } from '../process/repository.ts'
import { lifeTie } from '../site/life-tie.ts'
import { type Foreground, startForeground } from './foreground.ts'
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
  const relay = new SignalRelay()
  const folder = await mkdtemp(join(tmpdir(), 'heddle-proxy-'))
  try {
    // The proxy reads JSON only: a YAML parser has no place in it.
    const plain = join(folder, 'static.json')
    await writeFile(plain, JSON.stringify(config), { mode: 0o600 })
    return await runProxy(['--static', plain, '--shown-as', file], relay, deps)
  } finally {
    await rm(folder, { recursive: true, force: true })
    relay.end()
  }
}

async function runProxy(args: readonly string[], relay: SignalRelay, { env, cwd }: CliDeps): Promise<number> {
  const proxy = await startForeground({
    command: [...lifeTie(), findBun(), PROXY_ENTRY, ...args],
    env: Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)) as Record<string, string>,
    cwd,
  })
  relay.to(proxy)
  return proxy.exited
}

/** Passes signals on to the proxy, also those that came before it was there. */
class SignalRelay {
  #proxy: Foreground | undefined
  #early: NodeJS.Signals | undefined

  constructor() {
    for (const name of PASSED_ON) process.on(name, this.#receive)
  }

  to(proxy: Foreground): void {
    this.#proxy = proxy
    if (this.#early !== undefined) proxy.signal(this.#early)
  }

  end(): void {
    for (const name of PASSED_ON) process.off(name, this.#receive)
  }

  readonly #receive = (name: NodeJS.Signals): void => {
    if (this.#proxy === undefined) this.#early = name
    // The terminal has given Ctrl-C to the proxy as well.
    else if (name !== 'SIGINT' || !process.stdin.isTTY) this.#proxy.signal(name)
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw unreadable(file, error)
  }
}
