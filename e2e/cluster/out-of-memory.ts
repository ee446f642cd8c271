import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Names of control groups' files, in version 2 and before. */
const FILES = [
  { limit: 'memory.max', usage: 'memory.current' },
  { limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes' },
] as const

/** The memory of one container on a node. */
export interface ContainerMemory {
  /** Whether a process of the container lives. */
  isUsed(): boolean
  /** From now on it may have no more than it has: when it wants more, the kernel ends it. */
  narrow(): void
}

/**
 * Finds the control group of a container.
 *
 * @param id - `containerd://ID`, as the status of a pod says it
 * @throws {Error} when none of this machine's clusters runs it
 */
export function memoryOf(id: string): ContainerMemory {
  const name = id.replace(/^.*\//, '')
  const [folder] = globSync(`/sys/fs/cgroup/{memory/,}hk-*/kubepods/{*/,}*/${name}`)
  const files = folder === undefined ? undefined : FILES.find(({ limit }) => existsSync(join(folder, limit)))
  if (folder === undefined || files === undefined) throw new Error(`no control group has the memory of ${id}`)
  return {
    isUsed: () => existsSync(folder) && hasProcess(join(folder, 'cgroup.procs')),
    narrow: () => narrow(join(folder, files.limit), join(folder, files.usage)),
  }
}

function hasProcess(file: string): boolean {
  let processes = ''
  unlessGone(() => {
    processes = readFileSync(file, 'utf8')
  })
  return processes !== ''
}

function narrow(limit: string, usage: string): void {
  unlessGone(() => writeFileSync(limit, readFileSync(usage, 'utf8').trim()))
}

function unlessGone(deed: () => void): void {
  try {
    deed()
  } catch (error) {
    // It has more by now, or is gone.
    if (!['EBUSY', 'ENOENT', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}
