import { readdirSync, readFileSync } from 'node:fs'

/** What a set of processes has used. */
export interface Usage {
  /** User and system time of all threads, those that ended included. */
  readonly cpuUs: number
}

/** What a set of processes holds. */
export interface Memory {
  readonly rssKb: number
  /**
   * What one more such process would cost: pages written by this one alone. Clean pages of the program's file are shared by all
   * processes of it, and would count as private only where there happens to be just one.
   */
  readonly privateKb: number
}

/** USER_HZ, the unit of times in /proc: 100 on every architecture that Linux runs these proxies on. */
const TICKS_PER_SECOND = 100

/** CPU time of these processes and all of their descendants. */
export function readUsage(pids: readonly number[]): Usage {
  const ticks = withDescendants(pids).map(({ cpuTicks }) => cpuTicks)
  return { cpuUs: (sum(ticks) * 1_000_000) / TICKS_PER_SECOND }
}

/** Memory of these processes and all of their descendants. Pages that they share count in each `rssKb`. */
export function readMemory(pids: readonly number[]): Memory {
  const rollups = withDescendants(pids).map(({ pid }) => parseSmaps(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')))
  return { rssKb: sum(rollups.map(({ rssKb }) => rssKb)), privateKb: sum(rollups.map(({ privateKb }) => privateKb)) }
}

/** One process, as /proc/PID/stat has it. */
export interface ProcessStat {
  readonly pid: number
  readonly parentPid: number
  readonly cpuTicks: number
}

/**
 * Reads /proc/PID/stat (proc_pid_stat(5)). The name, in parentheses, may hold spaces and parentheses of its own, so fields
 * are counted from the last one that closes.
 *
 * @throws {SyntaxError} when `text` is none
 */
export function parseStat(text: string): ProcessStat {
  const end = text.lastIndexOf(')')
  const fields = text.slice(end + 2).split(' ')
  // Fields 4, 14 and 15 of the manual page; the first one after the name is field 3.
  const [parentPid, userTicks, systemTicks] = [fields[1], fields[11], fields[12]].map(Number)
  const pid = Number.parseInt(text, 10)
  const cpuTicks = userTicks! + systemTicks!
  if (end === -1 || ![pid, parentPid, cpuTicks].every(Number.isSafeInteger)) {
    throw new SyntaxError(`not a line of /proc/PID/stat: ${text.slice(0, 100)}`)
  }
  return { pid, parentPid: parentPid!, cpuTicks }
}

/**
 * Reads /proc/PID/smaps_rollup.
 *
 * @throws {SyntaxError} when a line is missing
 */
export function parseSmaps(text: string): Memory {
  const kilobytes = (name: string): number => {
    const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)
    if (match === null) throw new SyntaxError(`smaps_rollup without ${name}`)
    return Number(match[1])
  }
  return { rssKb: kilobytes('Rss'), privateKb: kilobytes('Private_Dirty') }
}

/** `roots` and all that descends from them, out of `all`. */
export function selectTree(all: readonly ProcessStat[], roots: readonly number[]): readonly ProcessStat[] {
  const wanted = new Set(roots)
  // A child may come before its parent, so it takes as many turns as the tree is deep.
  for (let before = -1; before !== wanted.size; ) {
    before = wanted.size
    for (const { pid, parentPid } of all) if (wanted.has(parentPid)) wanted.add(pid)
  }
  return all.filter(({ pid }) => wanted.has(pid))
}

function withDescendants(pids: readonly number[]): readonly ProcessStat[] {
  return selectTree(readProcesses(), pids)
}

function readProcesses(): readonly ProcessStat[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      return [parseStat(readFileSync(`/proc/${name}/stat`, 'utf8'))]
    } catch (error) {
      // It ended since the folder was listed.
      if (error instanceof SyntaxError) throw error
      return []
    }
  })
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
