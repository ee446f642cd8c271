import type { PodMeta } from './pod.ts'

/** What runs a pod, as far as its own metadata tell. */
export interface PodOwner {
  /** `Pod` where nothing else made it. */
  readonly kind: string
  readonly name: string
}

const HASH_LABEL = 'pod-template-hash'
/** A CronJob's Jobs are named after it and the minute they are for. */
const CRON_JOB_RUN = /^(.+)-\d{8,11}$/

/**
 * The workload that a pod belongs to: the Deployment of its ReplicaSet, the CronJob of its Job, else what owns it, else the
 * pod itself. Told from names alone, so that nobody has to ask for the owner's owner.
 *
 * @returns `undefined` for a pod without owner whose name is not given yet
 */
export function workloadOf(meta: PodMeta): PodOwner | undefined {
  const owner = meta.ownerReferences?.find(({ controller }) => controller === true) ?? meta.ownerReferences?.[0]
  if (owner === undefined) return meta.name === undefined ? undefined : { kind: 'Pod', name: meta.name }
  switch (owner.kind) {
    case 'ReplicaSet':
      return ofReplicaSet(owner.name, meta.labels?.[HASH_LABEL])
    case 'Job': {
      const cronJob = CRON_JOB_RUN.exec(owner.name)?.[1]
      return cronJob === undefined ? { kind: 'Job', name: owner.name } : { kind: 'CronJob', name: cronJob }
    }
    default:
      return { kind: owner.kind, name: owner.name }
  }
}

/** A Deployment names its ReplicaSets after itself and the hash of the template, which their pods bear as a label. */
function ofReplicaSet(name: string, hash: string | undefined): PodOwner {
  const suffix = `-${hash}`
  if (hash === undefined || !name.endsWith(suffix)) return { kind: 'ReplicaSet', name }
  return { kind: 'Deployment', name: name.slice(0, -suffix.length) }
}
