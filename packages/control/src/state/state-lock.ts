import { lstatSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Clock } from '@heddle/base/clock'
import { codeOf } from '@heddle/base/code-of'
import { startTimeOf } from '@heddle/base/process-start'

/** Another control plane works on the same state directory. */
export class StateLockedError extends Error {
  override readonly name = 'StateLockedError'
  readonly pid: number

  constructor(dir: string, pid: number) {
    super(`state directory ${dir} is in use by the control plane with process id ${pid}; stop that one first`)
    this.pid = pid
  }
}

/** Held until released; see {@link lockStateDir}. */
export interface StateLock {
  release(): void
}

interface Holder {
  readonly pid: number
  /** As {@link startTimeOf} says it; empty where the system does not tell. */
  readonly started: string
}

/** Locks of this very process: its own id in a file says nothing, since a container always has process 1. */
const heldHere = new Set<string>()

/** A takeover lasts microseconds; one that is older was left by a crash. */
const TAKEOVER_LIMIT_MS = 5_000

/**
 * Makes sure that only one control plane works on a state directory. The lock of a process that is no more is taken
 * over; a process id that was given to another process since is told apart by its start time.
 *
 * @throws {StateLockedError} naming the process that holds it
 */
export function lockStateDir(dir: string, clock: Clock): StateLock {
  const file = resolve(dir, 'lock')
  if (heldHere.has(file)) throw new StateLockedError(dir, process.pid)
  const mine = JSON.stringify({ pid: process.pid, started: startTimeOf(process.pid) ?? '' })
  if (!tryCreate(file, mine)) takeOver({ dir, file, clock }, mine)
  heldHere.add(file)
  return {
    release() {
      if (heldHere.delete(file)) rmSync(file, { force: true })
    },
  }
}

interface Taking {
  readonly dir: string
  readonly file: string
  readonly clock: Clock
}

/** Only one process at a time looks whether the holder is dead, else two could both find it so. */
function takeOver({ dir, file, clock }: Taking, mine: string): void {
  const turn = `${file}.takeover`
  enterTurn({ dir, file: turn, clock })
  try {
    const holder = readHolder(file)
    if (holder !== undefined && isAlive(holder)) throw new StateLockedError(dir, holder.pid)
    rmSync(file, { force: true })
    if (!tryCreate(file, mine)) throw new StateLockedError(dir, readHolder(file)?.pid ?? 0)
  } finally {
    rmSync(turn, { force: true })
  }
}

function enterTurn({ dir, file: turn, clock }: Taking): void {
  const mine = String(process.pid)
  if (tryCreate(turn, mine)) return
  const madeMs = lstatSync(turn, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (clock.nowMs() - madeMs >= TAKEOVER_LIMIT_MS) {
    // The version before made a directory.
    rmSync(turn, { force: true, recursive: true })
    if (tryCreate(turn, mine)) return
  }
  throw new Error(`state directory ${dir}: another control plane is starting on it`)
}

/** A link to nothing: it is made whole or not at all, and has its text where a full disk has room for it. */
function tryCreate(file: string, content: string): boolean {
  try {
    symlinkSync(content, file)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** `undefined` when the lock is gone, or is a file that was cut short by a crash. */
function readHolder(file: string): Holder | undefined {
  try {
    const holder = JSON.parse(readLock(file))
    return Number.isInteger(holder?.pid) && typeof holder.started === 'string' ? holder : undefined
  } catch {
    return undefined
  }
}

/** Before they were links they were files; whoever holds one may run on beside this version. */
function readLock(file: string): string {
  try {
    return readlinkSync(file)
  } catch (error) {
    if (codeOf(error) !== 'EINVAL') throw error
    return readFileSync(file, 'utf8')
  }
}

function isAlive({ pid, started }: Holder): boolean {
  if (pid === process.pid) return false
  const presence = lookFor(pid)
  if (presence === 'gone') return false
  const startTime = startTimeOf(pid)
  // Some systems hide the processes of other users: one of those may be the holder.
  if (startTime === undefined && presence === 'foreign') return true
  return (startTime ?? '') === started
}

/** `foreign`: of another user, which may be anybody that was given the id since. */
function lookFor(pid: number): 'own' | 'foreign' | 'gone' {
  try {
    process.kill(pid, 0)
    return 'own'
  } catch (error) {
    return codeOf(error) === 'EPERM' ? 'foreign' : 'gone'
  }
}
