import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { isRunning, type ProcessIdentity, startTimeOf } from '@heddle/base/process-start'
import { type ClusterShape, SLOTS, usesSlot } from './cluster-plan.ts'

/** What is known of a cluster as long as anything of it may be there. */
export interface ClusterRecord extends ClusterShape {
  /** Who ends it. A cluster whose owner is no more is a left-over; one without owner stays until somebody ends it. */
  readonly owner?: ProcessIdentity
  /** First process of each machine, in their order. */
  readonly machines: readonly ProcessIdentity[]
  /** Of each part that runs the process that waits for it. */
  readonly parts: Readonly<Record<string, ProcessIdentity>>
}

/** The cache of tools/suites/fetch.sh. */
export const CACHE =
  process.env.HEDDLE_TOOLS_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'heddle-tools')
const CLUSTERS = join(CACHE, 'clusters')
const SLOT_FOLDER = join(CLUSTERS, '.slots')
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,8}[a-z0-9])?$/

/** Where everything of a cluster is. */
export function folderOf(name: string): string {
  return join(CLUSTERS, name)
}

/** @throws {Error} when no cluster can be called that */
export function checkName(name: string): void {
  if (!NAME.test(name)) throw new Error(`"${name}": a cluster's name is 1 to 10 of a-z, 0-9 and -`)
}

/** What is on record of a cluster; `undefined`: nothing that can be read. */
export function readRecord(name: string): ClusterRecord | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(name), 'utf8')) as ClusterRecord
  } catch {
    return undefined
  }
}

/** Replaces what is on record, whole. */
export function writeRecord(record: ClusterRecord): void {
  mkdirSync(record.folder, { recursive: true, mode: 0o700 })
  writeFileSync(`${fileOf(record.name)}.new`, `${JSON.stringify(record, undefined, 2)}\n`)
  renameSync(`${fileOf(record.name)}.new`, fileOf(record.name))
}

/** The last thing that goes of a cluster. */
export function removeRecord({ name, folder, slot }: ClusterShape): void {
  if (ownerOfSlot(slot) === name) rmSync(slotFile(slot), { force: true })
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}

/** Names of the clusters on record. */
export function listClusters(): readonly string[] {
  return existsSync(CLUSTERS) ? readdirSync(CLUSTERS).filter((name) => NAME.test(name)) : []
}

/** Whether nobody will end it any more, or nothing of it runs. */
export function isLeftOver({ owner, machines }: ClusterRecord): boolean {
  if (owner !== undefined) return !isRunning(owner)
  return !machines.some((machine) => isRunning(machine))
}

/** By which a cluster is tied to the life of this process. */
export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' }
}

/**
 * Takes a slot for a cluster that is on record already. Several processes may ask at once.
 *
 * @param routes - lines of `ip route`: what the machine uses for something else is left alone
 * @throws {Error} when none is free
 */
export function claimSlot(name: string, routes: readonly string[]): number {
  mkdirSync(SLOT_FOLDER, { recursive: true })
  for (let slot = 0; slot < SLOTS; slot++) {
    if (routes.some((route) => usesSlot(route, slot))) continue
    const owner = ownerOfSlot(slot)
    // A cluster is on record before it takes a slot, so a slot without one is left over.
    if (owner !== undefined && readRecord(owner) === undefined) rmSync(slotFile(slot), { force: true })
    if (take(slot, name)) return slot
  }
  throw new Error('there are no addresses left for another cluster')
}

function take(slot: number, name: string): boolean {
  try {
    writeFileSync(slotFile(slot), name, { flag: 'wx' })
    return true
  } catch {
    return false
  }
}

function ownerOfSlot(slot: number): string | undefined {
  try {
    return readFileSync(slotFile(slot), 'utf8')
  } catch {
    return undefined
  }
}

function slotFile(slot: number): string {
  return join(SLOT_FOLDER, String(slot))
}

function fileOf(name: string): string {
  return join(folderOf(name), 'cluster.json')
}
