import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '@heddle/base/clock'
import { isRunning, startTimeOf } from '@heddle/base/process-start'
import { cleanUp } from '../state/clean-up.ts'
import { makeDirectory } from '../state/make-directory.ts'
import { readRunState } from '../state/run-state.ts'

const OWNER = 'owner.json'

/**
 * A folder for one run, below the state directory; those of runs that were killed are removed on this occasion.
 *
 * @returns its path; the caller removes it
 */
export async function makeRunFolder(stateDirectory: string, name: string, clock: Clock): Promise<string> {
  const all = join(stateDirectory, 'runs')
  await removeStale(all, clock)
  const folder = join(all, name)
  await makeDirectory(folder, 0o700)
  const owner = { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' }
  await writeFile(join(folder, OWNER), JSON.stringify(owner), { mode: 0o600 })
  return folder
}

async function removeStale(all: string, clock: Clock): Promise<void> {
  for (const name of await readdir(all).catch(() => [])) {
    const text = await readFile(join(all, name, OWNER), 'utf8').catch(() => '')
    if (text === '' || !isAbandoned(text)) continue
    const left = await readRunState(join(all, name, 'run.json')).catch(() => undefined)
    if (left !== undefined) await cleanUp(left, clock)
    await rm(join(all, name), { recursive: true, force: true })
  }
}

/** Whether the owner is known and gone. */
function isAbandoned(text: string): boolean {
  try {
    return !isRunning(JSON.parse(text))
  } catch {
    return true
  }
}
