import { existsSync } from 'node:fs'
import { isRunning } from '@heddle/base/process-start'
import { run } from '../harness/process.ts'
import { until } from '../harness/until.ts'
import { planCluster } from './cluster-plan.ts'
import { isLeftOver, listClusters, readRecord, removeRecord } from './cluster-record.ts'
import { removeControlGroup } from './control-groups.ts'
import { killMachine } from './machine.ts'

/** Ends a cluster and removes every trace of it, however little of it is there. */
export async function destroyCluster(name: string): Promise<void> {
  const record = readRecord(name)
  if (record === undefined) return
  const plan = planCluster(record)
  for (const machine of record.machines) killMachine(machine)
  // Those that wait for its parts end a moment after them.
  const waiting = [...record.machines, ...Object.values(record.parts)]
  await until(`the machines of ${name} have ended`, () => !waiting.some((one) => isRunning(one)))
  for (const { controlGroup } of plan.machines) await removeControlGroup(controlGroup)
  // The kernel takes namespaces apart in the background; a link that is removed by name is gone when we say so.
  for (const link of [...plan.machines.map((machine) => machine.link), plan.bridge]) await removeLink(link)
  removeRecord(record)
}

/** Ends clusters whose owner died before it could. */
export async function destroyLeftOvers(): Promise<void> {
  for (const name of listClusters()) {
    const record = readRecord(name)
    if (record !== undefined && isLeftOver(record)) await destroyCluster(name)
  }
}

async function removeLink(name: string): Promise<void> {
  if (!existsSync(`/sys/class/net/${name}`)) return
  const { status, stderr } = await run(['ip', 'link', 'delete', name])
  if (status !== 0 && existsSync(`/sys/class/net/${name}`)) throw new Error(`${name} cannot be removed: ${stderr}`)
}
