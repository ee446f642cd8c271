import type { Clock } from '@heddle/base/clock'
import type { KubeClient } from '@heddle/kube/client'
import { NAMESPACES } from '@heddle/kube/resources'
import { SharedReads } from '../shared-reads.ts'

type Annotations = Readonly<Record<string, string>>

/** Annotations of a namespace as they are now; none for one that is not there. @throws {Error} when it cannot be told */
export type NamespaceReader = (namespace: string) => Promise<Annotations>

/** What a namespace reader asks, and how it tells the time. */
export interface NamespaceReaderDeps {
  readonly client: Pick<KubeClient, 'get'>
  readonly clock: Clock
}

/**
 * Asks the API server again for each pod, or for all that are made at once: a namespace and its pods are often made by the same
 * command, and a watch would hear of the namespace too late.
 */
export function namespaceReader({ client, clock }: NamespaceReaderDeps): NamespaceReader {
  const shared = new SharedReads<Annotations>(async (name) => {
    const found = await client.get({ resource: NAMESPACES, name })
    return found?.metadata.annotations ?? {}
  }, clock)
  return (namespace) => shared.read(namespace)
}
