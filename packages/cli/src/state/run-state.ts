import { open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { codeOf } from '@heddle/base/code-of'
import { messageOf } from '@heddle/base/message-of'
import type { ProcessIdentity } from '@heddle/base/process-start'
import { CliError } from '../cli-error.ts'
import type { HostRule } from '../net/host-rules.ts'
import type { NamespaceRef } from '../net/namespace.ts'
import { makeDirectory } from './make-directory.ts'

/** A process that was started for the mesh. */
export interface StartedProcess extends ProcessIdentity {
  /** For people: `proxy of voting-0`. */
  readonly role: string
}

/** Everything that `heddle up` has made on this host and that must be gone after it. Written before each is made. */
export interface RunState {
  /** Who made it; absent while nothing is made. */
  readonly owner?: ProcessIdentity
  /** Further files with this same content. */
  readonly copies?: readonly string[]
  readonly processes: readonly StartedProcess[]
  readonly namespaces: readonly NamespaceRef[]
  readonly bridges: readonly string[]
  readonly hostRules: readonly HostRule[]
  /** Folders of files for this run only. */
  readonly folders: readonly string[]
}

export const EMPTY_RUN_STATE: RunState = { processes: [], namespaces: [], bridges: [], hostRules: [], folders: [] }

/** Whether there is anything left to clean up. */
export function isEmptyRunState(state: RunState): boolean {
  const { owner: _owner, copies: _copies, ...lists } = state
  return Object.values(lists).every((list) => list.length === 0)
}

/** Reads what an earlier run has left; nothing when there is no such file. @throws {CliError} when it cannot be read */
export async function readRunState(file: string): Promise<RunState> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return EMPTY_RUN_STATE
    throw new CliError(`cannot read ${file}: ${messageOf(error)}`)
  }
  try {
    return { ...EMPTY_RUN_STATE, ...JSON.parse(text) }
  } catch {
    throw new CliError(`${file} is not JSON`, {
      hints: ['what an earlier run has left cannot be known; remove the file'],
    })
  }
}

const UNFINISHED = /\.\d+\.tmp$/

/** Removes what {@link replaceFile} could not finish in `folder`, since its process was killed. The caller alone may write there. */
export async function removeUnfinished(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names) if (UNFINISHED.test(name)) await rm(join(folder, name), { force: true })
}

/** Replaces a file whole or not at all, readable for its owner only. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  await makeDirectory(dirname(path), 0o700)
  try {
    {
      await using file = await open(temporary, 'w', 0o600)
      await file.writeFile(content)
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
}
