import { INSTALL_PORTS } from '@heddle/kube/install/names'
import { openPortForward } from '@heddle/kube/port-forward'
import type { Cluster } from '../../../client/cluster.ts'
import { isReady, type PodObject } from '../../../client/control-pod.ts'
import { type Fact, learn } from '../fact.ts'

/** What pods of the control plane that run and are not ready say that they wait for, by name of the pod; of who cannot be asked nothing. */
export async function lookAtReadiness(
  cluster: Cluster,
  pods: Fact<readonly PodObject[]>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const unready = pods.kind === 'known' ? pods.value.filter((pod) => mayAnswer(pod) && !isReady(pod)) : []
  const told = await Promise.all(unready.map(({ metadata }) => learn(() => askPod(cluster, metadata.name))))
  return new Map(
    unready.flatMap(({ metadata }, index) => {
      const fact = told[index]!
      return fact.kind === 'known' ? [[metadata.name, fact.value] as const] : []
    }),
  )
}

const TIMEOUT_MS = 5_000

/** That it runs is said of a pod that ends as well. */
function mayAnswer({ metadata, status }: PodObject): boolean {
  return status?.phase === 'Running' && metadata.deletionTimestamp === undefined
}

async function askPod({ access, heddleNamespace: namespace }: Cluster, pod: string): Promise<readonly string[]> {
  const forward = await openPortForward(access, { namespace, pod, port: INSTALL_PORTS.admin })
  try {
    const answer = await fetch(`http://127.0.0.1:${forward.port}/ready`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    const text = await answer.text()
    return answer.ok ? [] : text.split('\n').filter((line) => line !== '')
  } finally {
    await forward.close()
  }
}
