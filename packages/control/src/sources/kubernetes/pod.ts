import { canonicalIp } from '@heddle/api/kinds/ip-address'
import { PROXY_PORTS } from '@heddle/api/proxy-ports'
import type { KubeMeta, KubeObject } from '@heddle/kube/client'
import {
  OPAQUE_PORTS_ANNOTATION,
  PROXY_CONTAINER,
  SKIP_INBOUND_ANNOTATION,
  STATUS_ANNOTATION,
} from '@heddle/kube/inject/names'
import { type PortRange, parsePortRanges } from '@heddle/kube/port-range'
import { workloadOf } from '@heddle/kube/workload-name'
import type { Instance, InstancePort } from '../../model/instance.ts'

/** A pod, as far as the mesh makes use of it. */
export interface TrimmedPod {
  /** Without its place, which is known by its node; `undefined`: it has ended, as those of a Job do. */
  readonly instance: Instance | undefined
  /** Name of its Node; empty: it has none yet. */
  readonly node: string
}

interface PodSpec {
  readonly nodeName?: string
  readonly serviceAccountName?: string
  readonly hostNetwork?: boolean
  readonly containers?: readonly PodContainer[]
  readonly initContainers?: readonly PodContainer[]
}

interface PodContainer {
  readonly name: string
  readonly restartPolicy?: string
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number; readonly protocol?: string }[]
}

interface PodStatus {
  readonly phase?: string
  readonly podIP?: string
  readonly podIPs?: readonly { readonly ip?: string }[]
  readonly conditions?: readonly {
    readonly type: string
    readonly status: string
    readonly reason?: string
    readonly message?: string
  }[]
}

/** Keeps of a pod what makes it an instance. */
export function trimPod({ metadata, spec: rawSpec, status: rawStatus }: KubeObject): TrimmedPod {
  const [spec, status] = [(rawSpec ?? {}) as PodSpec, (rawStatus ?? {}) as PodStatus]
  const node = spec.nodeName ?? ''
  if (status.phase === 'Succeeded' || status.phase === 'Failed') return { instance: undefined, node: '' }
  const addresses = addressesOf(status)
  const { name, namespace = '', labels = {}, annotations = {} } = metadata
  const isMeshed = annotations[STATUS_ANNOTATION] !== undefined && containersOf(spec).some(isProxy)
  const opaquePorts = readRanges(annotations[OPAQUE_PORTS_ANNOTATION])
  const workload = workloadOf(toOwned(metadata)) ?? { kind: 'Pod', name }
  const instance: Instance = {
    namespace,
    instance: name,
    workload: workload.name,
    workloadKind: workload.kind,
    serviceAccount: spec.serviceAccountName ?? 'default',
    labels,
    ports: namedPorts(spec, addresses),
    wholeAddresses: addresses,
    ...(spec.hostNetwork === true && { sharesAddress: true as const }),
    region: '',
    zone: '',
    meshed: isMeshed,
    ...(isMeshed && { plainPorts: plainPortsOf(annotations) }),
    ...(opaquePorts.length > 0 && { opaquePorts }),
    ...stateOf(metadata, status),
  }
  return { instance, node }
}

function toOwned({ name, labels = {}, ownerReferences = [] }: KubeMeta) {
  const owners = ownerReferences.map(({ kind, name: owner, controller }) => {
    return { kind, name: owner, ...(controller !== undefined && { controller }) }
  })
  return { name, labels, ownerReferences: owners }
}

/** Whoever drains gets nothing new; whether it is ready, its kubelet says. */
function stateOf(
  { deletionTimestamp }: KubeMeta,
  { conditions = [] }: PodStatus,
): Pick<Instance, 'state' | 'reason' | 'isUnheard'> {
  if (deletionTimestamp !== undefined) return { state: 'draining', reason: 'the pod is being deleted' }
  const ready = conditions.find(({ type }) => type === 'Ready')
  if (ready?.status === 'True') return { state: 'ready', reason: '' }
  if (isUnheard(conditions)) return { state: 'unhealthy', reason: 'its node was not heard of', isUnheard: true }
  const why = ready?.message || ready?.reason || 'it has not been started yet'
  return { state: 'unhealthy', reason: `the pod is not ready: ${why}` }
}

/**
 * Whether the node controller and not the kubelet says that the pod is not ready: of what the kubelet said it changes only that one
 * condition. It does so for all pods of all nodes when the API server was away for longer than nodes may be silent.
 */
function isUnheard(conditions: NonNullable<PodStatus['conditions']>): boolean {
  const ready = conditions.find(({ type }) => type === 'Ready')
  const hasContainers = conditions.some(({ type, status }) => type === 'ContainersReady' && status === 'True')
  return ready?.status === 'False' && hasContainers && ready.reason !== 'ReadinessGatesNotReady'
}

/** IPv4 first, in the one spelling of each. */
function addressesOf({ podIP = '', podIPs = [{ ip: podIP }] }: PodStatus): readonly string[] {
  const addresses = podIPs.flatMap(({ ip = '' }) => canonicalIp(ip) ?? [])
  return addresses.sort((a, b) => Number(a.includes(':')) - Number(b.includes(':')))
}

/** Services may name ports of any container that goes on. */
function namedPorts(spec: PodSpec, addresses: readonly string[]): readonly InstancePort[] {
  const ports = containersOf(spec).flatMap(({ ports: declared = [] }) => declared)
  return ports.flatMap(({ name = '', containerPort, protocol = 'TCP' }) => {
    if (name === '' || protocol !== 'TCP') return []
    return addresses.map((address) => ({ name, port: containerPort, address, addressPort: containerPort }))
  })
}

function containersOf({ containers = [], initContainers = [] }: PodSpec): readonly PodContainer[] {
  return [...containers, ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always')]
}

function isProxy({ name }: PodContainer): boolean {
  return name === PROXY_CONTAINER
}

/** Those that interception leaves out: that of the proxy itself, by which it is probed, and what the pod asks for. */
function plainPortsOf(annotations: Readonly<Record<string, string>>): readonly PortRange[] {
  const skipped = readRanges(annotations[SKIP_INBOUND_ANNOTATION])
  return skipped.length === 0 ? PROBE_PORTS : [...PROBE_PORTS, ...skipped]
}

const PROBE_PORTS: readonly PortRange[] = [{ first: PROXY_PORTS.probe, last: PROXY_PORTS.probe }]

/** What cannot be read was refused by injection; it says nothing here. */
function readRanges(text: string | undefined): readonly PortRange[] {
  if (text === undefined) return []
  try {
    return parsePortRanges(text)
  } catch {
    return []
  }
}
