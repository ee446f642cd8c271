import { join } from 'node:path'
import { fetchFolder } from '../../tools/suites/fetch-program.ts'
import { missingOf, type Requirement } from '../harness/requirements.ts'
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

const OF_EVERY: readonly Requirement[] = ['root', 'ip', 'IPv6', 'nsenter', 'unshare', 'openssl']
const OF_NODES: readonly Requirement[] = ['iptables', 'containerd', 'runc', 'conntrack']

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

/** Says what this machine lacks for a cluster of a tier; `undefined` when nothing. */
export function whyNoCluster(tier: Tier): string | undefined {
  const needed: readonly Requirement[] = tier === 'api' ? OF_EVERY : [...OF_EVERY, ...OF_NODES]
  const missing = process.platform === 'linux' ? missingOf(needed) : ['Linux']
  if (missing.length === 0) return undefined
  return `a cluster needs ${missing.join(', ')} (as root on Debian, tools/setup.sh kube installs what is missing)`
}
