import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf } from '@heddle/base/code-of'
import { messageOf } from '@heddle/base/message-of'
import { isRunning, type ProcessIdentity, startTimeOf } from '@heddle/base/process-start'
import { CliError } from '../cli-error.ts'
import { makeDirectory } from './make-directory.ts'

const TRIES = 5

/**
 * Makes sure that one mesh is up once. The lock of a process that is no more is taken over; a process id that was given
 * to another process since is told apart by its start time.
 *
 * @returns a function that gives the lock back
 * @throws {CliError} when the mesh is up already, or the state directory cannot be written
 */
export async function lockMesh(file: string, mesh: string): Promise<() => Promise<void>> {
  const mine = JSON.stringify({ pid: process.pid, startTime: startTimeOf(process.pid) ?? '' })
  const own = `${file}.${process.pid}`
  try {
    await makeDirectory(dirname(file), 0o700)
    await writeFile(own, mine, { mode: 0o600 })
    await claim(file, own, mesh)
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(`cannot write to ${dirname(file)}: ${messageOf(error)}`, {
      hints: ['set HEDDLE_HOME to a directory of your own'],
      cause: error,
    })
  } finally {
    await rm(own, { force: true }).catch(() => {})
  }
  return () => rm(file, { force: true })
}

async function claim(file: string, own: string, mesh: string): Promise<void> {
  for (let turn = 0; turn < TRIES; turn++) {
    if (await tryLink(own, file)) return
    const holder = await readHolder(file)
    if (holder !== undefined && isRunning(holder)) {
      throw new CliError(`mesh "${mesh}" is up already, by process ${holder.pid}`, {
        hints: ['end that one first (Ctrl-C), or give this one another name with --name NAME'],
      })
    }
    await setAside(file, `${own}.stale`)
  }
  throw new CliError(`mesh "${mesh}": others start it at the same moment`)
}

/** `link` fails where the name exists already, and never shows a file half written. */
async function tryLink(own: string, file: string): Promise<boolean> {
  try {
    await link(own, file)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Of several that find a stale lock, the rename succeeds for one. */
async function setAside(file: string, aside: string): Promise<void> {
  try {
    await rename(file, aside)
    await rm(aside, { force: true })
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

/** `undefined` when it is gone or was cut short. */
async function readHolder(file: string): Promise<ProcessIdentity | undefined> {
  try {
    const holder = JSON.parse(await readFile(file, 'utf8'))
    return Number.isInteger(holder?.pid) && typeof holder.startTime === 'string' ? holder : undefined
  } catch {
    return undefined
  }
}
