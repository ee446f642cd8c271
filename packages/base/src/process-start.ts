import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A process, told apart from a later one that was given the same id. */
export interface ProcessIdentity {
  readonly pid: number
  /** When it started, in a unit of the system's own; empty where the system does not tell. */
  readonly startTime: string
}

/**
 * When a process started, or `undefined` when there is none of this id. A process that has ended but was not yet waited
 * for counts as none.
 */
export function startTimeOf(pid: number): string | undefined {
  return process.platform === 'linux' ? readProc(pid) : askPs(pid)
}

/** Field 3 and 22 of /proc/PID/stat (proc(5)); the second one, the name in parentheses, may hold spaces. */
function readProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

function askPs(pid: number): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', timeout: 5_000 })
    return text.trim() === '' ? undefined : text.trim()
  } catch {
    return undefined
  }
}

/** Whether exactly this process still lives. */
export function isRunning(identity: ProcessIdentity, startOf = startTimeOf): boolean {
  const startTime = startOf(identity.pid)
  return startTime !== undefined && startTime === identity.startTime
}
