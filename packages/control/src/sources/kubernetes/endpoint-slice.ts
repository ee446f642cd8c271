import { canonicalIp } from '@heddle/api/kinds/ip-address'
import type { KubeObject } from '@heddle/kube/client'
import type { InstanceState } from '../../model/instance.ts'

/** Those of the endpoint slice controller say what pods say themselves, and later. */
export const FOREIGN_SLICES =
  'kubernetes.io/service-name,endpointslice.kubernetes.io/managed-by!=endpointslice-controller.k8s.io'

/** An EndpointSlice that someone else than Kubernetes itself wrote. */
export interface TrimmedSlice {
  /** `NAMESPACE/NAME` */
  readonly service: string
  readonly endpoints: readonly TrimmedEndpoint[]
  readonly ports: readonly { readonly name: string; readonly port: number }[]
}

/** An endpoint of a slice. */
export interface TrimmedEndpoint {
  readonly addresses: readonly string[]
  readonly state: InstanceState
  readonly reason: string
  readonly zone: string
  /** Name of its Node; empty where it has none. */
  readonly node: string
}

interface RawSlice extends KubeObject {
  readonly addressType?: string
  readonly endpoints?: readonly RawEndpoint[] | null
  readonly ports?: readonly { readonly name?: string; readonly port?: number; readonly protocol?: string }[] | null
}

interface RawEndpoint {
  readonly addresses?: readonly string[]
  readonly conditions?: { readonly ready?: boolean; readonly terminating?: boolean }
  readonly zone?: string
  readonly nodeName?: string
}

/** Keeps of a slice where its Service leads. Names in the place of addresses lead nowhere, as with kube-proxy. */
export function trimSlice(object: KubeObject): TrimmedSlice {
  const { metadata, endpoints, ports } = object as RawSlice
  return {
    service: `${metadata.namespace ?? ''}/${metadata.labels?.['kubernetes.io/service-name'] ?? ''}`,
    endpoints: (endpoints ?? []).map(trimEndpoint),
    ports: (ports ?? []).flatMap(({ name = '', port, protocol = 'TCP' }) => {
      return port === undefined || protocol !== 'TCP' ? [] : { name, port }
    }),
  }
}

function trimEndpoint({ addresses = [], conditions = {}, zone = '', nodeName = '' }: RawEndpoint): TrimmedEndpoint {
  const known = addresses.flatMap((address) => canonicalIp(address) ?? [])
  return { addresses: known, ...stateOf(conditions), zone, node: nodeName }
}

/** Whoever wrote no condition means that it is ready. */
function stateOf({ ready = true, terminating = false }: NonNullable<RawEndpoint['conditions']>): {
  readonly state: InstanceState
  readonly reason: string
} {
  if (terminating) return { state: 'draining', reason: 'its EndpointSlice says that it ends' }
  if (ready) return { state: 'ready', reason: '' }
  return { state: 'unhealthy', reason: 'its EndpointSlice says that it is not ready' }
}
