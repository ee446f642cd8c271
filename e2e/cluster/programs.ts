import { join } from 'node:path'
import { fetchFolder } from '../../tools/suites/fetch-program.ts'
import { canRun } from '../harness/requirements.ts'
import type { Tier } from './cluster-plan.ts'

/** Programs that a cluster is made of, built from their Go modules. */
export interface ClusterPrograms {
  /** Kubernetes and etcd: `kubebox PART FLAGS`. */
  readonly kubebox: string
  readonly kubectl: string
  readonly pause: string
  readonly echo: string
}

/** Cold, Kubernetes takes 10 minutes on two cores that do nothing else. */
const BUILD_DEADLINE_MS = 40 * 60_000

/** Builds what is missing in the cache. @throws {Error} with what the builder said */
export async function fetchPrograms(): Promise<ClusterPrograms> {
  const [kubernetes, pod] = await Promise.all([fetchFolder('kubebox', BUILD_DEADLINE_MS), fetchFolder('pod')])
  return {
    kubebox: join(kubernetes, 'kubebox'),
    kubectl: join(kubernetes, 'kubectl'),
    pause: join(pod, 'pause'),
    echo: join(pod, 'echo'),
  }
}

/** The cluster's DNS server, built as {@link fetchPrograms} does. */
export async function fetchCoredns(): Promise<string> {
  return join(await fetchFolder('coredns', BUILD_DEADLINE_MS), 'coredns')
}

/** Whether this machine can run a cluster of a tier; see {@link canRun}. */
export function canRunCluster(tier: Tier): boolean {
  const ofEvery = ['root', 'ip', 'nsenter', 'unshare', 'openssl'] as const
  return tier === 'api' ? canRun(...ofEvery) : canRun(...ofEvery, 'iptables', 'containerd', 'runc', 'conntrack')
}
