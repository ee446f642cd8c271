import { join } from 'node:path'
import type { ProcessIdentity } from '@heddle/base/process-start'
import { type Finished, run } from '../harness/process.ts'
import { until } from '../harness/until.ts'
import { type ClusterPlan, planCluster, type Tier } from './cluster-plan.ts'
import { readRecord, writeRecord } from './cluster-record.ts'
import { destroyCluster } from './destroy-cluster.ts'
import { childOf, runIn, startIn } from './machine.ts'
import { controlPlaneParts, nodeParts, type Part, schedulerPart } from './parts.ts'
import type { ClusterPrograms } from './programs.ts'

/** How a command of `kubectl` is run. */
export interface KubectlOptions {
  /** Written to standard input, for `-f -`. Objects are written as JSON. */
  readonly input?: string | object | readonly object[]
  readonly deadlineMs?: number
}

/** A running cluster. */
export interface Cluster extends AsyncDisposable {
  readonly name: string
  readonly tier: Tier
  /** File of an administrator's kubeconfig. */
  readonly kubeconfig: string
  /** Path of a `kubectl` of the cluster's version, for what {@link kubectl} cannot do. */
  readonly kubectlProgram: string
  /** `https://ADDRESS:6443`, reachable from this machine. */
  readonly server: string
  /** This machine, as nodes and pods reach it: for servers of a test. */
  readonly hostAddress: string
  /** Those that run pods; none in tier `api`. */
  readonly nodes: readonly { readonly name: string; readonly address: string }[]
  /** PEM of the authority that signed all certificates of the cluster itself, and its key: for certificates of a test's own. */
  readonly authority: { readonly certificate: string; readonly key: string }
  /** Runs `kubectl` and gives what it printed. @throws {Error} with what it said where it failed */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<string>
  /** The same, where failing is an answer. */
  tryKubectl(args: readonly string[], options?: KubectlOptions): Promise<Finished>
  /** Makes the image of a docker-archive known to every node; pods then use it with `imagePullPolicy: Never` or `IfNotPresent`. */
  loadImage(archive: string): Promise<void>
  /** Runs a command on a node, as its root; default the first node. */
  runOnNode(command: readonly string[], node?: string): Promise<Finished>
  /**
   * Ends a part of the cluster as a crash would: `etcd`, `kube-apiserver`, `kube-controller-manager`, `kube-scheduler`,
   * `containerd-NODE`, `kubelet-NODE`, `kube-proxy-NODE`.
   */
  killPart(role: string): Promise<void>
  /** Starts a part again that was ended. */
  startPart(role: string): Promise<void>
  /** Ends everything and leaves nothing behind; so does `await using`. */
  stop(): Promise<void>
}

/** Connects to a cluster that is there. @throws {Error} when it is not */
export function openCluster(name: string, programs: ClusterPrograms): Cluster {
  const record = readRecord(name)
  if (record === undefined) throw new Error(`there is no cluster "${name}"; make cluster-up ARGS=${name}`)
  const plan = planCluster(record)
  const kubectl = (args: readonly string[], options: KubectlOptions = {}) =>
    runKubectl(plan, programs, { args, options })
  return {
    name,
    tier: plan.tier,
    kubeconfig: plan.kubeconfig,
    kubectlProgram: programs.kubectl,
    server: plan.server,
    hostAddress: plan.hostAddress,
    nodes: plan.tier === 'api' ? [] : plan.machines.map((node) => ({ name: node.name, address: node.address })),
    authority: { certificate: join(plan.pki, 'ca.crt'), key: join(plan.pki, 'ca.key') },
    tryKubectl: kubectl,
    kubectl: async (args, options) => {
      const { status, stdout, stderr } = await kubectl(args, options)
      if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}${stdout}`)
      return stdout
    },
    loadImage: (archive) => loadImage(plan, archive),
    runOnNode: (command, node = plan.machines[0].name) => runIn(machineOf(plan, node), command),
    killPart: (role) => killPart(plan, role),
    startPart: async (role) => startPart(plan, partOf(plan, programs, role)),
    stop: () => destroyCluster(name),
    [Symbol.asyncDispose]: () => destroyCluster(name),
  }
}

/** Every part that a cluster of this tier has, in the order of their start. */
export function partsOf(plan: ClusterPlan, { kubebox }: ClusterPrograms): readonly Part[] {
  const control = controlPlaneParts(plan, kubebox)
  if (plan.tier === 'api') return control
  return [...control, schedulerPart(plan, kubebox), ...plan.machines.flatMap((node) => nodeParts(plan, node, kubebox))]
}

/** Starts a part and puts it on record. */
export function startPart(plan: ClusterPlan, { role, node, command }: Part): void {
  const started = startIn(machineOf(plan, node.name), command, join(plan.logs, `${role}.log`))
  const record = readRecord(plan.name)
  if (record === undefined) throw new Error(`the cluster "${plan.name}" has ended`)
  writeRecord({ ...record, parts: { ...record.parts, [role]: started } })
}

/** Some have a hundred megabytes, which a busy machine does not unpack in a moment. */
const LOAD_MS = 180_000

/** Loads an image into one node, or into all. */
export async function loadImage(plan: ClusterPlan, archive: string): Promise<void> {
  for (const { name } of plan.tier === 'api' ? [] : plan.machines) {
    const command = ['ctr', '--namespace', 'k8s.io', 'images', 'import', archive]
    const { status, stderr } = await runIn(machineOf(plan, name), command, { deadlineMs: LOAD_MS })
    if (status !== 0) throw new Error(`${archive} cannot be loaded: ${stderr}`)
  }
}

/** The process that waits for a machine. */
export function machineOf(plan: ClusterPlan, node: string): ProcessIdentity {
  const machine = readRecord(plan.name)?.machines[plan.machines.findIndex(({ name }) => name === node)]
  if (machine === undefined) throw new Error(`the cluster "${plan.name}" has no ${node}`)
  return machine
}

function partOf(plan: ClusterPlan, programs: ClusterPrograms, role: string): Part {
  const part = partsOf(plan, programs).find((one) => one.role === role)
  if (part === undefined) throw new Error(`the cluster "${plan.name}" has no part "${role}"`)
  return part
}

async function killPart(plan: ClusterPlan, role: string): Promise<void> {
  const waiter = readRecord(plan.name)?.parts[role]
  const part = waiter && childOf(waiter)
  if (waiter === undefined || part === undefined) throw new Error(`"${role}" does not run`)
  process.kill(part.pid, 'SIGKILL')
  await until(`${role} has ended`, () => childOf(waiter) === undefined)
}

/** What a test asks is not to take the cores from what it asks about: a third of what others have. */
const POLITELY = ['nice', '-n', '5'] as const

interface KubectlRun {
  readonly args: readonly string[]
  readonly options: KubectlOptions
}

function runKubectl(plan: ClusterPlan, { kubectl }: ClusterPrograms, { args, options }: KubectlRun): Promise<Finished> {
  const { input, deadlineMs } = options
  return run([...POLITELY, kubectl, ...args], {
    // What it remembers of an API server goes with the cluster: the next one at this address knows other kinds.
    env: {
      KUBECONFIG: plan.kubeconfig,
      KUBECACHEDIR: join(plan.folder, 'kubectl'),
      // Over a WebSocket `exec` throws away what the program said before kubectl was ready to hear it ("Unknown stream id 1").
      KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false',
    },
    ...(input === undefined ? {} : { input: toText(input) }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  })
}

function toText(input: string | object | readonly object[]): string {
  if (typeof input === 'string') return input
  if (!Array.isArray(input)) return JSON.stringify(input)
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: input })
}
