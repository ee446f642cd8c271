import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestMesh } from './mesh.ts'

/** A process that `heddle up` started. */
export interface RecordedProcess {
  readonly role: string
  readonly pid: number
}

interface RunState {
  readonly processes: readonly RecordedProcess[]
  readonly bridges: readonly string[]
}

/** The processes that `heddle up` has recorded, by what it calls them. */
export function readProcesses(mesh: TestMesh): ReadonlyMap<string, number> {
  return new Map(readRunState(mesh).processes.map(({ role, pid }) => [role, pid]))
}

/** The same as a list: instances of two namespaces may have one name. */
export function listProcesses(mesh: TestMesh): readonly RecordedProcess[] {
  return readRunState(mesh).processes
}

/** Process ids of the applications of one workload, by instance. */
export function applicationsOf(mesh: TestMesh, workload: string): ReadonlyMap<string, number> {
  const ofWorkload = [...readProcesses(mesh)].filter(([role]) => new RegExp(`^${workload}-[^ ]+$`).test(role))
  return new Map(ofWorkload)
}

/** @throws {Error} when no such process runs */
export function pidOf(mesh: TestMesh, role: string): number {
  const pid = readProcesses(mesh).get(role)
  if (pid === undefined) throw new Error(`no process "${role}", only ${[...readProcesses(mesh).keys()].join(', ')}`)
  return pid
}

/** The bridge that joins the namespaces of a transparent mesh. */
export function bridgeOf(mesh: TestMesh): string {
  const [bridge] = readRunState(mesh).bridges
  if (bridge === undefined) throw new Error('the mesh has no bridge')
  return bridge
}

function readRunState(mesh: TestMesh): RunState {
  return JSON.parse(readFileSync(join(mesh.home, 'meshes', 'default', 'run.json'), 'utf8')) as RunState
}
