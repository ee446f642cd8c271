import { globSync, readdirSync, readFileSync } from 'node:fs'

/** A process of a pod. */
interface CoreWait {
  readonly command: string
  readonly ranMs: number
  /** It could have run, and had no core. */
  readonly waitedMs: number
}

const SHOWN = 12
const COMMAND_CHARACTERS = 60

/**
 * How long the programs in a cluster's pods have waited for a core since they started, those that waited longest first: what takes
 * seconds on a busy machine is not always the fault of who was asked.
 *
 * @param cluster - its name
 */
export function coreWaits(cluster: string): readonly string[] {
  const waits = readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => waitOf(pid, `/hk-${cluster}-`))
  return waits
    .toSorted((a, b) => b.waitedMs - a.waitedMs)
    .slice(0, SHOWN)
    .map(({ command, ranMs, waitedMs }) => `${command}: ran ${ranMs} ms, waited ${waitedMs} ms`)
}

function waitOf(pid: string, group: string): readonly CoreWait[] {
  try {
    const [, node] = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split(group)
    if (node === undefined) return []
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, COMMAND_CHARACTERS)
    const threads = globSync(`/proc/${pid}/task/*/schedstat`).map((file) => readFileSync(file, 'utf8').split(' '))
    const total = (column: number) => threads.reduce((sum, fields) => sum + Number(fields[column]) / 1e6, 0)
    const [ranMs, waitedMs] = [Math.round(total(0)), Math.round(total(1))]
    return [{ command: `node-${Number.parseInt(node, 10)} ${command}`, ranMs, waitedMs }]
  } catch {
    // It has ended meanwhile.
    return []
  }
}
