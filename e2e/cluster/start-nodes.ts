import { dirname } from 'node:path'
import type { ProcessIdentity } from '@heddle/base/process-start'
import { until } from '../harness/until.ts'
import { type Cluster, loadImage, machineOf } from './cluster.ts'
import type { ClusterPlan, NodePlan } from './cluster-plan.ts'
import { readRecord, writeRecord } from './cluster-record.ts'
import { addControlGroup } from './control-groups.ts'
import { dnsObjects } from './dns.ts'
import { addBridge, addRoutes, linkMachine, runIn, spawnMachine } from './machine.ts'
import { nodeFiles } from './node-files.ts'
import type { ClusterPrograms } from './programs.ts'

/** Starts the machines of a cluster, joined and with their files in place. */
export async function startMachines(plan: ClusterPlan, { pause }: ClusterPrograms): Promise<void> {
  await addBridge(plan)
  const machines = plan.machines.map((node) => spawnMachine(plan, node, pause))
  const record = readRecord(plan.name)
  if (record === undefined) throw new Error('somebody has ended the cluster')
  writeRecord({ ...record, machines })
  await Promise.all(plan.machines.map((node, index) => prepare(plan, node, machines[index]!)))
  await addRoutes(plan)
}

/** Loads images as soon as containerd takes them. */
export async function loadImages(plan: ClusterPlan, images: readonly string[]): Promise<void> {
  if (plan.tier === 'api') return
  for (const { name } of plan.machines) {
    await until(`containerd of ${name} answers`, async () => {
      const { status } = await runIn(machineOf(plan, name), ['ctr', 'version'])
      return status === 0
    })
  }
  for (const image of images) await loadImage(plan, image)
}

/** Waits until pods run on every node, and find Services by name. */
export async function untilNodesWork(plan: ClusterPlan, cluster: Cluster): Promise<void> {
  // The API server makes its own namespaces when it is ready already.
  await until('the DNS is asked for', () =>
    cluster.kubectl(['apply', '-f', '-'], { input: dnsObjects(plan.dnsAddress) }),
  )
  await until('all nodes are known', async () => {
    const names = await cluster.kubectl(['get', 'nodes', '--output=name'])
    return names.split('\n').length > plan.nodes
  })
  const wait = (...args: readonly string[]) =>
    cluster.kubectl(['wait', '--timeout=120s', ...args], { deadlineMs: 130_000 })
  await wait('--for=condition=Ready', 'node', '--all')
  await wait('--for=condition=Available', '--namespace=kube-system', 'deployment/coredns')
}

async function prepare(plan: ClusterPlan, node: NodePlan, machine: ProcessIdentity): Promise<void> {
  await linkMachine(plan, node, machine)
  if (plan.tier === 'api') return
  addControlGroup(node.controlGroup)
  for (const [path, content] of nodeFiles(plan, node)) {
    const script = ['sh', '-c', 'mkdir -p "$1" && cat > "$2"', 'sh', dirname(path), path]
    const { status, stderr } = await runIn(machine, script, { input: content })
    if (status !== 0) throw new Error(`${path}: ${stderr}`)
  }
}
