import type { KubeMeta } from '@heddle/kube/client'
import { PREFIX } from '@heddle/kube/inject/names'

/** Metadata as far as the mesh makes use of them. */
export interface TrimmedMeta {
  readonly name: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly creationTimestamp?: string
}

/** Annotations of others that say something to the mesh. */
const READ_ANNOTATIONS: ReadonlySet<string> = new Set(['service.kubernetes.io/topology-mode'])
const NONE: Readonly<Record<string, string>> = Object.freeze({})

/** Leaves out what only the API server needs, and the annotations of others, some of which hold whole objects. */
export function trimMeta({
  name,
  namespace = '',
  labels = NONE,
  annotations,
  creationTimestamp,
}: KubeMeta): TrimmedMeta {
  const kept = Object.entries(annotations ?? NONE).filter(
    ([key]) => key.startsWith(PREFIX) || READ_ANNOTATIONS.has(key),
  )
  return {
    name,
    namespace,
    labels,
    annotations: kept.length === 0 ? NONE : Object.fromEntries(kept),
    ...(creationTimestamp !== undefined && { creationTimestamp }),
  }
}
