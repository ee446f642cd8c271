import type { KubeClient } from '@heddle/kube/client'
import { NAMESPACES } from '@heddle/kube/resources'

/** Annotations of a namespace as they are now; none for one that is not there. @throws {Error} when it cannot be told */
export type NamespaceReader = (namespace: string) => Promise<Readonly<Record<string, string>>>

/**
 * Asks the API server for each pod: a namespace and its pods are often made by the same command, and a watch would hear of the
 * namespace too late.
 */
export function namespaceReader(client: Pick<KubeClient, 'get'>): NamespaceReader {
  return async (namespace) => {
    const found = await client.get({ resource: NAMESPACES, name: namespace })
    return found?.metadata.annotations ?? {}
  }
}
