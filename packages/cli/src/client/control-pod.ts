import type { KubeObject } from '@heddle/kube/client'
import { COMPONENT_LABEL, CONTROL_COMPONENT } from '@heddle/kube/install/names'
import { CliError } from '../cli-error.ts'
import type { Cluster } from './cluster.ts'

/** What of a pod is looked at. */
export interface PodObject extends KubeObject {
  readonly spec?: {
    readonly containers?: readonly ContainerSpec[]
    readonly initContainers?: readonly ContainerSpec[]
    readonly nodeName?: string
  }
  readonly status?: {
    readonly phase?: string
    readonly reason?: string
    readonly conditions?: readonly PodCondition[]
    readonly containerStatuses?: readonly ContainerStatus[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
  }
}

export interface ContainerSpec {
  readonly name: string
  readonly image?: string
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[]
}

export interface PodCondition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
}

export interface ContainerStatus {
  readonly name: string
  readonly ready: boolean
  readonly restartCount?: number
  readonly state?: {
    readonly running?: { readonly startedAt?: string }
    readonly waiting?: { readonly reason?: string; readonly message?: string }
    readonly terminated?: { readonly reason?: string; readonly exitCode?: number }
  }
}

/** Whether a pod serves and is not about to end. */
export function isReady({ metadata, status }: PodObject): boolean {
  const { conditions = [] } = status ?? {}
  return (
    metadata.deletionTimestamp === undefined && conditions.some((one) => one.type === 'Ready' && one.status === 'True')
  )
}

/** Why a pod is not ready: one sentence, in the cluster's own words. */
export function describeUnready(pod: PodObject): string {
  const { metadata, status } = pod
  if (metadata.deletionTimestamp !== undefined) return 'is ending'
  const { conditions = [], phase = 'Unknown', initContainerStatuses = [], containerStatuses = [] } = status ?? {}
  const unscheduled = conditions.find((one) => one.type === 'PodScheduled' && one.status === 'False')
  if (unscheduled !== undefined)
    return `cannot be scheduled: ${unscheduled.message ?? unscheduled.reason ?? 'unknown why'}`
  const states = [...initContainerStatuses, ...containerStatuses].flatMap(describeContainer)
  return states.length > 0 ? states.join(', ') : `is ${status?.reason ?? phase}`
}

function describeContainer({ name, ready, state, restartCount = 0 }: ContainerStatus): readonly string[] {
  const { waiting, terminated } = state ?? {}
  if (waiting?.reason !== undefined && waiting.reason !== 'PodInitializing') {
    return [`container ${name}: ${[waiting.reason, waiting.message].filter(Boolean).join(': ')}`]
  }
  if (terminated !== undefined && terminated.exitCode !== 0) {
    return [`container ${name} ended: ${terminated.reason ?? 'Error'}, exit code ${terminated.exitCode}`]
  }
  const isDone = terminated !== undefined
  if (ready || isDone) return []
  return [`container ${name} is not ready${restartCount > 0 ? ` and has been started ${restartCount + 1} times` : ''}`]
}

/** All pods of the control plane. @throws what the client throws */
export async function listControlPods({ kube, heddleNamespace }: Cluster): Promise<readonly PodObject[]> {
  const { PODS } = await import('@heddle/kube/resources')
  const labelSelector = `${COMPONENT_LABEL}=${CONTROL_COMPONENT}`
  return (await kube.list<PodObject>(PODS, { namespace: heddleNamespace, labelSelector })).items
}

/**
 * One of the control plane's pods that are ready; another one each time, so that a pod that hangs does not catch everybody.
 *
 * @throws {CliError} when none is ready, with what each of them waits for
 */
export function chooseControlPod(pods: readonly PodObject[], namespace: string, random: () => number): string {
  const ready = pods.filter(isReady)
  const chosen = ready[Math.floor(random() * ready.length)]
  if (chosen !== undefined) return chosen.metadata.name
  const states = pods.map((pod) => `${pod.metadata.name} ${describeUnready(pod)}`)
  throw new CliError(`no pod of the control plane is ready in namespace "${namespace}"`, {
    hints: [
      ...(states.length > 0
        ? states
        : ['it has no pods at all: is Deployment heddle-control there, and not scaled to 0?']),
      `look further with "kubectl -n ${namespace} describe pods" and "kubectl -n ${namespace} logs deploy/heddle-control"`,
    ],
  })
}
