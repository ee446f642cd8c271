import { rm, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '@heddle/base/clock'
import { codeOf } from '@heddle/base/code-of'
import { messageOf } from '@heddle/base/message-of'
import { isRunning, type ProcessIdentity } from '@heddle/base/process-start'
import { removeBridge } from '../net/bridge.ts'
import { removeHostRules } from '../net/host-rules.ts'
import { removeNamespace } from '../net/namespace.ts'
import type { RunState, StartedProcess } from './run-state.ts'

/** The processes of an earlier run that still live: those whose id was not given to another process since. */
export function survivors(
  processes: readonly StartedProcess[],
  isAlive: (process: ProcessIdentity) => boolean = isRunning,
): readonly StartedProcess[] {
  return processes.filter((process) => process.startTime !== '' && isAlive(process))
}

/**
 * Removes everything that a run has left: processes first, since they hold the rest.
 *
 * @returns what could not be removed, one sentence each
 */
export async function cleanUp(state: RunState, clock: Clock): Promise<readonly string[]> {
  const problems: string[] = []
  const attempt = async (removal: Promise<unknown>): Promise<void> => {
    await removal.catch((error: unknown) => problems.push(messageOf(error)))
  }
  await attempt(killAll(survivors(state.processes), clock))
  for (const namespace of state.namespaces) await attempt(removeNamespace(namespace))
  for (const bridge of state.bridges) await attempt(removeBridge(bridge))
  problems.push(...(await removeHostRules(state.hostRules)))
  for (const folder of state.folders) await attempt(removeFolder(folder))
  if (problems.length === 0) for (const copy of state.copies ?? []) await attempt(rm(copy, { force: true }))
  return problems
}

const DEADLINE_MS = 5_000
const LOOK_AGAIN_MS = 20

async function killAll(processes: readonly StartedProcess[], clock: Clock): Promise<void> {
  for (const { pid } of processes) killGroup(pid)
  const giveUpMs = clock.nowMs() + DEADLINE_MS
  for (let left = survivors(processes); left.length > 0; left = survivors(left)) {
    if (clock.nowMs() > giveUpMs) {
      throw new Error(`${left.map(({ role, pid }) => `${role} (process ${pid})`).join(', ')} could not be killed`)
    }
    await clock.sleep(LOOK_AGAIN_MS)
  }
}

/** Every process of ours leads a group of its own. */
function killGroup(pid: number): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL')
    } catch (error) {
      if (codeOf(error) !== 'ESRCH') throw error
    }
  }
}

/** Removes a folder, and the two above it when nothing else is in them. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await removeIfEmpty(dirname(folder), dirname(dirname(folder)))
}

/** Removes directories one after the other, up to the first that has something in it. */
export async function removeIfEmpty(...directories: readonly string[]): Promise<void> {
  try {
    for (const directory of directories) await rmdir(directory)
  } catch {
    // Something else is in there, or it is gone already.
  }
}
