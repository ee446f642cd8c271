import type { Clock } from '@heddle/base/clock'
import { formatHostPort } from '@heddle/base/host-port'
import type { Log } from '@heddle/base/log'
import type { KubeClient, KubeObject } from '@heddle/kube/client'
import { createInformer } from '@heddle/kube/informer'
import { INSTALL_NAMES } from '@heddle/kube/install/names'
import { ENDPOINT_SLICES } from '@heddle/kube/resources'

export interface PeerAddressesOptions {
  readonly client: Pick<KubeClient, 'listPages' | 'watch'>
  readonly namespace: string
  /** This replica's own addresses, `IP:PORT`. */
  readonly own: () => ReadonlySet<string>
  readonly clock: Clock
  readonly log: Log
}

interface EndpointSlice extends KubeObject {
  readonly addressType?: string
  /** Of a slice without endpoints, as before the first replica is ready, both may be null. */
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null
  readonly endpoints?:
    | readonly {
        readonly addresses: readonly string[]
        readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean }
        readonly targetRef?: { readonly name?: string }
      }[]
    | null
}

/** An address of a replica; of a cluster with both families each replica has two. */
interface PeerAddress {
  readonly pod: string
  readonly address: string
}

/** Name of the port of the API in the Service. */
const PORT_NAME = 'api'

/**
 * Where the other replicas are, by the endpoints of their Service; one that terminates is still asked, for as long as it
 * serves.
 *
 * @returns a function that tells it; the addresses are followed until `signal` is aborted
 */
export function followPeers(options: PeerAddressesOptions, signal: AbortSignal): () => readonly string[] {
  const { client, namespace, own, clock, log } = options
  const labelSelector = `kubernetes.io/service-name=${INSTALL_NAMES.control}`
  const base = { client, resource: ENDPOINT_SLICES, namespace, labelSelector, trim: addressesIn, clock, log }
  const informer = createInformer(base)
  void informer.start({ onUpserted: () => {}, onRemoved: () => {} }, signal)
  return () => {
    const all = [...informer.values()].flat()
    const mine = own()
    const ownPods = new Set(all.filter(({ address }) => mine.has(address)).map(({ pod }) => pod))
    const byPod = new Map(all.filter(({ pod }) => !ownPods.has(pod)).map(({ pod, address }) => [pod, address]))
    return [...byPod.values()].sort()
  }
}

function addressesIn({ addressType, ports, endpoints }: EndpointSlice): readonly PeerAddress[] {
  const port = ports?.find(({ name }) => name === PORT_NAME)?.port
  if (port === undefined || addressType === 'FQDN') return []
  const serving = (endpoints ?? []).filter(({ conditions }) => conditions?.serving ?? conditions?.ready ?? true)
  return serving.flatMap(({ addresses: [host], targetRef }) => {
    if (host === undefined) return []
    const address = formatHostPort({ host, port })
    return [{ pod: targetRef?.name ?? address, address }]
  })
}
