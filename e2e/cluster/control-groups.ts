import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../harness/until.ts'

const ROOT = '/sys/fs/cgroup'
/** A group of the first kind (version 1) holds no process before it was told these. */
const CPU_SET = ['cpuset.cpus', 'cpuset.mems']
/**
 * What the pods of a node weigh beside one thread outside of them, by the two versions' files and units: four times as much. As much as
 * one thread, which is what a group has, let proxies wait for a core for seconds while others built, and the demo gave up on them.
 */
const WEIGHTS = [
  { file: 'cpu.shares', weight: '4096' },
  { file: 'cpu.weight', weight: '400' },
] as const

/** Makes the group below which the pods of a node will be, in every hierarchy. */
export function addControlGroup(name: string): void {
  if (existsSync(join(ROOT, 'cgroup.controllers'))) enableControllers()
  for (const hierarchy of hierarchies()) {
    mkdirSync(join(hierarchy, name), { recursive: true })
    for (const file of CPU_SET.filter((one) => existsSync(join(hierarchy, one)))) {
      writeFileSync(join(hierarchy, name, file), readFileSync(join(hierarchy, file)))
    }
    for (const { file, weight } of WEIGHTS) {
      if (existsSync(join(hierarchy, name, file))) writeFileSync(join(hierarchy, name, file), weight)
    }
  }
}

/** Removes it with the groups below, once their processes have ended. @throws {Error} when they do not */
export async function removeControlGroup(name: string): Promise<void> {
  for (const hierarchy of hierarchies()) {
    const folder = join(hierarchy, name)
    await until(`${folder} is gone`, () => {
      if (existsSync(folder)) removeGroups(folder)
      return true
    })
  }
}

function removeGroups(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeGroups(join(folder, entry.name))
  }
  rmdirSync(folder)
}

/** One folder in version 2, one for each controller before. */
function hierarchies(): readonly string[] {
  if (existsSync(join(ROOT, 'cgroup.controllers'))) return [ROOT]
  const folders = readdirSync(ROOT).map((name) => join(ROOT, name))
  return folders.filter((folder) => statSync(folder).isDirectory() && existsSync(join(folder, 'cgroup.procs')))
}

function enableControllers(): void {
  const controllers = readFileSync(join(ROOT, 'cgroup.controllers'), 'utf8').trim().split(' ')
  for (const controller of controllers) {
    try {
      writeFileSync(join(ROOT, 'cgroup.subtree_control'), `+${controller}`)
    } catch {
      // The kubelet names those that it cannot do without.
    }
  }
}
