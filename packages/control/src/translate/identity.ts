import { formatSpiffeId, serverNameOf } from '@heddle/identity/spiffe-id'
import type { Instance } from '../model/instance.ts'

/** What the proxy of an instance proves. */
export interface InstanceIdentity {
  readonly spiffeId: string
  readonly serverName: string
}

/**
 * The identity of a meshed instance; `undefined` for others, and where no certificate can carry it: Kubernetes takes names of service
 * accounts that are longer than a server name may be. Such a proxy gets no certificate, so its pod is never ready.
 */
export function identityOf(
  { meshed, namespace, serviceAccount }: Pick<Instance, 'meshed' | 'namespace' | 'serviceAccount'>,
  trustDomain: string,
): InstanceIdentity | undefined {
  if (!meshed) return undefined
  const id = { trustDomain, namespace, serviceAccount }
  try {
    return { spiffeId: formatSpiffeId(id), serverName: serverNameOf(id) }
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
