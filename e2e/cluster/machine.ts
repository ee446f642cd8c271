import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRunning, type ProcessIdentity, startTimeOf } from '@heddle/base/process-start'
import { type Finished, type RunOptions, run } from '../harness/process.ts'
import { until } from '../harness/until.ts'
import { type ClusterPlan, MACHINE_PREFIX, MACHINE_PREFIX6, type NodePlan } from './cluster-plan.ts'

const INIT = join(import.meta.dirname, 'machine-init.sh')
const BOOT_DEADLINE_MS = 20_000

/**
 * Starts a machine: namespaces that live as long as their first process, whatever becomes of who starts it. With that process
 * everything in them ends.
 *
 * @param pause - the program that becomes that process
 * @returns the process that waits for it, and without which it ends
 */
export function spawnMachine(plan: ClusterPlan, node: NodePlan, pause: string): ProcessIdentity {
  mkdirSync(node.folder, { recursive: true })
  const namespaces = ['--mount', '--net', '--pid', '--mount-proc']
  const command = ['unshare', ...namespaces, '--fork', '--kill-child', INIT, node.folder, pause]
  return spawnDetached(command, logOf(plan, node))
}

/** Waits for a machine and links it to the cluster's bridge. @throws {Error} with what it said when it does not come up */
export async function linkMachine(plan: ClusterPlan, node: NodePlan, machine: ProcessIdentity): Promise<void> {
  const said = () => readFileSync(logOf(plan, node), 'utf8')
  const state = await until(
    `${node.name} is ready`,
    () => (isRunning(machine) ? said().includes('ready\n') && 'up' : 'ended'),
    BOOT_DEADLINE_MS,
  )
  if (state === 'ended') throw new Error(`${node.name} ended: ${said()}`)
  await link(plan, node, machine)
}

/**
 * Ends a machine with everything that runs in it. The process that waits for it ends last, when nothing runs any more, so it is only
 * ended itself where the first process never came to be.
 */
export function killMachine(machine: ProcessIdentity): void {
  if (isRunning(machine)) kill((childOf(machine) ?? machine).pid, 'SIGKILL')
}

/** Makes the bridge that machines hang on. */
export async function addBridge({ bridge, hostAddress, hostAddress6 }: ClusterPlan): Promise<void> {
  await ip([
    `link add ${bridge} type bridge`,
    `addr add ${hostAddress}/${MACHINE_PREFIX} dev ${bridge}`,
    `addr add ${hostAddress6}/${MACHINE_PREFIX6} dev ${bridge} nodad`,
    `link set ${bridge} up`,
  ])
}

/** Makes this machine find pods and Services. */
export async function addRoutes({ machines, serviceRange, serviceRange6 }: ClusterPlan): Promise<void> {
  const [{ address, address6 }] = machines
  await ip([
    ...machines.flatMap((node) => podRoutes(node).map((route) => `route replace ${route}`)),
    `route replace ${serviceRange} via ${address}`,
    `route replace ${serviceRange6} via ${address6}`,
  ])
}

/** Starts a command in a machine, to outlive this process. @returns the process that waits for it */
export function startIn(machine: ProcessIdentity, command: readonly string[], log: string): ProcessIdentity {
  return spawnDetached([...enter(machine), ...command], log)
}

/** Runs a command in a machine to its end. */
export function runIn(machine: ProcessIdentity, command: readonly string[], options?: RunOptions): Promise<Finished> {
  return run([...enter(machine), ...command], options)
}

/** What `nsenter` or `unshare` waits for: its one child. `undefined` when it has none. */
export function childOf({ pid }: ProcessIdentity): ProcessIdentity | undefined {
  try {
    const child = Number.parseInt(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'), 10)
    const startTime = startTimeOf(child)
    return startTime === undefined ? undefined : { pid: child, startTime }
  } catch {
    return undefined
  }
}

/** Not `ip netns exec`: it mounts /sys anew, without the control groups. */
function enter(machine: ProcessIdentity): readonly string[] {
  return ['nsenter', '--target', String(firstOf(machine)), '--mount', '--net', '--pid', '--']
}

function firstOf(machine: ProcessIdentity): number {
  const first = childOf(machine)
  if (first === undefined) throw new Error('the machine has ended')
  return first.pid
}

/** What the caller holds open, such as a lock, must not be held by what outlives it. */
const CLOSE_INHERITED = ['-c', 'exec 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-; exec "$@"', 'sh']

function spawnDetached(command: readonly string[], log: string): ProcessIdentity {
  const output = openSync(log, 'a')
  const child = spawn('/bin/sh', [...CLOSE_INHERITED, ...command], {
    detached: true,
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  child.on('error', () => undefined)
  child.unref()
  if (child.pid === undefined) throw new Error(`${command[0]} cannot be run`)
  return { pid: child.pid, startTime: startTimeOf(child.pid) ?? '' }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended by itself.
  }
}

function logOf({ logs }: ClusterPlan, { name }: NodePlan): string {
  return join(logs, `${name}.log`)
}

async function link(plan: ClusterPlan, node: NodePlan, machine: ProcessIdentity): Promise<void> {
  const pid = firstOf(machine)
  await ip([
    `link add ${node.link} type veth peer name eth0 netns ${pid}`,
    `link set ${node.link} master ${plan.bridge}`,
    `link set ${node.link} up`,
  ])
  const others = plan.machines.filter(({ name }) => name !== node.name)
  await ip(
    [
      `addr add ${node.address}/${MACHINE_PREFIX} dev eth0`,
      `addr add ${node.address6}/${MACHINE_PREFIX6} dev eth0 nodad`,
      'link set eth0 up',
      `route add default via ${plan.hostAddress}`,
      `route add default via ${plan.hostAddress6}`,
      ...others.flatMap((other) => podRoutes(other).map((route) => `route add ${route}`)),
    ],
    pid,
  )
}

function podRoutes({ podRange, podRange6, address, address6 }: NodePlan): readonly string[] {
  return [`${podRange} via ${address}`, `${podRange6} via ${address6}`]
}

async function ip(lines: readonly string[], machine?: number): Promise<void> {
  const within = machine === undefined ? [] : ['nsenter', '--target', String(machine), '--net', '--']
  const { status, stderr } = await run([...within, 'ip', '-batch', '-'], { input: `${lines.join('\n')}\n` })
  if (status !== 0) throw new Error(`ip: ${stderr}\n${lines.join('\n')}`)
}
