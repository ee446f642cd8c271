import { INSTALL_PORTS } from '@heddle/kube/install/names'
import { openPortForward } from '@heddle/kube/port-forward'
import type { Cluster } from '../../../client/cluster.ts'
import { isReady, type PodObject } from '../../../client/control-pod.ts'
import { type Fact, learn } from '../fact.ts'

/**
 * What pods of the control plane that run and are not ready say that they wait for, by name of the pod; of who cannot be asked nothing.
 *
 * @param ask - for the lines of a pod's `/ready`
 */
export async function lookAtReadiness(
  pods: Fact<readonly PodObject[]>,
  ask: (pod: string) => Promise<readonly string[]>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const unready = pods.kind === 'known' ? pods.value.filter((pod) => mayAnswer(pod) && !isReady(pod)) : []
  const told = await Promise.all(
    unready.map(async ({ metadata: { name } }) => ({ name, fact: await learn(() => ask(name)) })),
  )
  return new Map(told.flatMap(({ name, fact }) => (fact.kind === 'known' ? [[name, fact.value] as const] : [])))
}

/** That it runs is said of a pod that ends as well. */
function mayAnswer({ metadata, status }: PodObject): boolean {
  return status?.phase === 'Running' && metadata.deletionTimestamp === undefined
}

/** Asks a pod of the control plane what it waits for, by a port-forward. */
export async function askReadiness({ access, heddleNamespace }: Cluster, pod: string): Promise<readonly string[]> {
  const forward = await openPortForward(access, { namespace: heddleNamespace, pod, port: INSTALL_PORTS.admin })
  return await readReasons(forward.port).finally(() => forward.close())
}

const TIMEOUT_MS = 5_000

/** The lines of `/ready` at a port of loopback; none: it is ready. */
export async function readReasons(port: number): Promise<readonly string[]> {
  const answer = await fetch(`http://127.0.0.1:${port}/ready`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  const text = await answer.text()
  return answer.ok ? [] : text.split('\n').filter((line) => line !== '')
}
