import { join } from 'node:path'
import type { IpFamily } from '@heddle/api/kinds/service'

/**
 * `api`: etcd, API server and controllers, for what never needs a container to run. `node`: also scheduler, containerd, kubelet,
 * kube-proxy and the cluster's DNS.
 */
export type Tier = 'api' | 'node'

/** What a cluster is called and where it lies; all else follows. */
export interface ClusterShape {
  /** 1 to 10 of `a-z`, `0-9` and `-`: it is part of the names of links, which have 15 at most. */
  readonly name: string
  readonly tier: Tier
  /** 0 to 63. Clusters of different slots have no address in common. */
  readonly slot: number
  readonly nodes: number
  /** Everything has addresses of both; this is the one of what has one address, or names one of several. */
  readonly firstFamily: IpFamily
  /** Where its files are. */
  readonly folder: string
}

/** One machine of a cluster: a set of namespaces with an address of its own. The first one has the control plane. */
export interface NodePlan {
  readonly name: string
  readonly address: string
  readonly address6: string
  /** Its pods are in here. */
  readonly podRange: string
  readonly podRange6: string
  /** Host's end of its link. */
  readonly link: string
  /** Below which its pods' control groups are. */
  readonly controlGroup: string
  readonly folder: string
}

/** Every name, address and path of a cluster. */
export interface ClusterPlan extends ClusterShape {
  readonly bridge: string
  /** This machine, as nodes and pods see it. */
  readonly hostAddress: string
  readonly hostAddress6: string
  readonly machines: readonly [NodePlan, ...NodePlan[]]
  readonly podRange: string
  readonly podRange6: string
  readonly serviceRange: string
  readonly serviceRange6: string
  /** The Service `kubernetes`; of the first family. */
  readonly apiServiceAddress: string
  readonly dnsAddress: string
  readonly server: string
  readonly kubeconfig: string
  readonly pki: string
  readonly logs: string
}

/** Bits of the network that the machines are in; see {@link planCluster}. */
export const MACHINE_PREFIX = 24
export const MACHINE_PREFIX6 = 64
export const SLOTS = 64
const FIRST_SLOT = 128

/**
 * All of a cluster is in 10.(128 + slot).0.0/16: pods in the lower half (a /24 for each node), Services from 128 on, machines in 240;
 * and in fd68:6b:(slot)::/48: pods in networks 11 to 19, Services in 80, machines in f0. Meshes of `heddle up` begin at 10.192.0.0.
 */
export function planCluster(shape: ClusterShape): ClusterPlan {
  const block = `10.${FIRST_SLOT + shape.slot}`
  const block6 = block6Of(shape)
  const services = shape.firstFamily === 'IPv6' ? `${block6}:80::` : `${block}.128.`
  const [first = planNode(shape, block, 1), ...others] = Array.from({ length: shape.nodes }, (_, index) =>
    planNode(shape, block, index + 1),
  )
  return {
    ...shape,
    bridge: `hk-${shape.name}`,
    hostAddress: `${block}.240.1`,
    hostAddress6: `${block6}:f0::1`,
    machines: [first, ...others],
    podRange: `${block}.0.0/17`,
    podRange6: `${block6}:10::/60`,
    serviceRange: `${block}.128.0/18`,
    serviceRange6: `${block6}:80::/112`,
    apiServiceAddress: `${services}1`,
    dnsAddress: `${services}10`,
    server: `https://${first.address}:6443`,
    kubeconfig: join(shape.folder, 'kubeconfig'),
    pki: join(shape.folder, 'pki'),
    logs: join(shape.folder, 'logs'),
  }
}

/** An address or range of each family, in the order in which a cluster's programs are to prefer them. */
export function inOrder({ firstFamily }: ClusterShape, ipv4: string, ipv6: string): readonly [string, string] {
  return firstFamily === 'IPv6' ? [ipv6, ipv4] : [ipv4, ipv6]
}

/** Whether a line of `ip route` is about addresses of this slot. */
export function usesSlot(route: string, slot: number): boolean {
  return route.includes(`10.${FIRST_SLOT + slot}.`)
}

function planNode(shape: ClusterShape, block: string, number: number): NodePlan {
  return {
    name: `node-${number}`,
    address: `${block}.240.${10 + number}`,
    address6: `${block6Of(shape)}:f0::1${number}`,
    podRange: `${block}.${number}.0/24`,
    podRange6: `${block6Of(shape)}:1${number}::/64`,
    link: `hk-${shape.name}-${number}`,
    controlGroup: `hk-${shape.name}-${number}`,
    folder: join(shape.folder, `node-${number}`),
  }
}

/** A slot's decimal digits, read as hexadecimal ones, are still no other slot's. */
function block6Of({ slot }: ClusterShape): string {
  return `fd68:6b:${slot}`
}
