import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { IpFamily } from '@heddle/api/kinds/service'
import { isRunning } from '@heddle/base/process-start'
import { run } from '../harness/process.ts'
import { until } from '../harness/until.ts'
import { isReady } from './api-server.ts'
import { type Cluster, openCluster, partsOf, startPart } from './cluster.ts'
import { type ClusterPlan, planCluster, type Tier } from './cluster-plan.ts'
import { checkName, claimSlot, folderOf, readRecord, thisProcess, writeRecord } from './cluster-record.ts'
import { destroyCluster, destroyLeftOvers } from './destroy-cluster.ts'
import { packTestImages } from './images/test-images.ts'
import { writePki } from './pki.ts'
import { type ClusterPrograms, fetchPrograms, whyNoCluster } from './programs.ts'
import { loadImages, startMachines, untilNodesWork } from './start-nodes.ts'

/** What to start. */
export interface ClusterOptions {
  /** 1 to 10 of a-z, 0-9 and `-`. Clusters of several names run side by side. */
  readonly name: string
  readonly tier: Tier
  /** 1 to 9, default 1. In tier `api` there is one machine. */
  readonly nodes?: number
  /** Default IPv4. With IPv6 the API server, DNS, probes and Services that say nothing are of IPv6. */
  readonly firstFamily?: IpFamily
  /** Whether the cluster is to outlive this process. Default: the next start of any cluster removes it, should we die before. */
  readonly isKept?: boolean
}

const BOOT_DEADLINE_MS = 90_000
const LAST_LINES = 8

/**
 * Starts a cluster and waits until it takes work: tier `api` in about 6 seconds, tier `node` in 12. Builds what is missing first.
 *
 * @throws {Error} when the machine lacks what it needs, a cluster of this name runs, or a part does not come up
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  checkName(options.name)
  if (nodesOf(options) < 1 || nodesOf(options) > 9) throw new Error('a cluster has 1 to 9 nodes')
  const lack = whyNoCluster(options.tier)
  if (lack !== undefined) throw new Error(lack)
  const programs = await fetchPrograms()
  const images = options.tier === 'node' ? await packTestImages() : []
  await destroyLeftOvers()
  if (readRecord(options.name) !== undefined) throw new Error(`a cluster "${options.name}" runs already`)
  const plan = await claim(options)
  try {
    await boot(plan, programs, images)
    return openCluster(plan.name, programs)
  } catch (error) {
    const logs = lastWords(plan)
    await destroyCluster(plan.name)
    const reason = error instanceof Error ? error.message : error
    throw new Error(`the cluster "${plan.name}" did not start: ${reason}\n${logs}`, { cause: error })
  }
}

function nodesOf({ nodes = 1 }: Pick<ClusterOptions, 'nodes'>): number {
  return nodes
}

/** A cluster is on record before the first thing of it exists. */
async function claim({
  name,
  tier,
  firstFamily = 'IPv4',
  isKept = false,
  ...rest
}: ClusterOptions): Promise<ClusterPlan> {
  const shape = { name, tier, firstFamily, nodes: nodesOf(rest), folder: folderOf(name), slot: -1 }
  const record = { ...shape, ...(isKept ? {} : { owner: thisProcess() }), machines: [], parts: {} }
  writeRecord(record)
  const { stdout } = await run(['ip', '-4', 'route', 'show', 'table', 'all'])
  const slot = claimSlot(name, stdout.split('\n'))
  writeRecord({ ...record, slot })
  return planCluster({ ...shape, slot })
}

async function boot(plan: ClusterPlan, programs: ClusterPrograms, images: readonly string[]): Promise<void> {
  mkdirSync(plan.logs, { recursive: true })
  await Promise.all([writePki(plan), startMachines(plan, programs)])
  const parts = partsOf(plan, programs)
  const start = (pattern: RegExp) => {
    for (const part of parts.filter(({ role }) => pattern.test(role))) startPart(plan, part)
  }
  start(/^(etcd|kube-apiserver|containerd-.*)$/)
  const loaded = loadImages(plan, images)
  // Whoever waits for it below is told; it must not end the process before.
  loaded.catch(() => undefined)
  await untilUp(plan, 'the API server is ready', () => isReady(plan))
  start(/^(kube-controller-manager|kube-scheduler)$/)
  const cluster = openCluster(plan.name, programs)
  if (plan.tier === 'node') {
    await loaded
    start(/^(kubelet|kube-proxy)-/)
    await untilNodesWork(plan, cluster)
  }
  await untilUp(plan, 'pods have a service account', async () => {
    const { status } = await cluster.tryKubectl(['get', 'serviceaccount', 'default'])
    return status === 0
  })
}

/** @throws {Error} at once when a part of the cluster has ended */
async function untilUp(plan: ClusterPlan, what: string, probe: () => Promise<boolean>): Promise<void> {
  const found = await until(
    what,
    async () => {
      const ended = Object.entries(readRecord(plan.name)?.parts ?? {}).find(([, part]) => !isRunning(part))
      return ended === undefined ? probe() : ended[0]
    },
    BOOT_DEADLINE_MS,
  )
  if (typeof found === 'string') throw new Error(`${found} has ended`)
}

/** What the parts said last; most of them is noise of their start. */
function lastWords({ logs }: ClusterPlan): string {
  const tails = readdirSync(logs).map((name) => {
    const lines = readFileSync(join(logs, name), 'utf8').trimEnd().split('\n')
    return [`== ${name}`, ...lines.slice(-LAST_LINES)].join('\n')
  })
  return tails.join('\n')
}
