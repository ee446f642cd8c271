import type { Node } from '@heddle/api/discovery'
import type { PortRange } from '@heddle/kube/port-range'

/** Names an instance. */
export interface InstanceRef {
  readonly namespace: string
  readonly instance: string
}

/** Whether an instance should get traffic. */
export type InstanceState = 'ready' | 'unhealthy' | 'draining'

/** Whether an instance should get traffic, and why not. */
export interface InstanceHealth {
  readonly state: InstanceState
  /** One sentence; empty when ready. */
  readonly reason: string
}

/** A port of an instance: what Services target, and where that is reached. */
export interface InstancePort {
  readonly name: string
  /** The port of the Workload's spec, which Services target. */
  readonly port: number
  /** Where others connect: IP literal and port. */
  readonly address: string
  readonly addressPort: number
}

/**
 * One running instance of a Workload: registered by its proxy, an entry of `spec.addresses`, or a pod. A value: a change makes
 * a new one, so that what is derived from it can be kept beside it.
 */
export interface Instance {
  readonly namespace: string
  readonly instance: string
  readonly workload: string
  /** Of a pod: kind of what made it, `Deployment` or `StatefulSet` or such; `Pod` where nothing did. Absent outside of clusters. */
  readonly workloadKind?: string
  readonly serviceAccount: string
  readonly labels: Readonly<Record<string, string>>
  /** Those with a name, and all there are where no address is whole. */
  readonly ports: readonly InstancePort[]
  /** Where Services may target any port: a pod, or an entry of `spec.addresses` whose Workload declares no ports. */
  readonly wholeAddresses: readonly string[]
  /** The addresses are those of a host that others have ports at as well: it is not found by them. */
  readonly sharesAddress?: true
  readonly region: string
  readonly zone: string
  /** Name of the host that it runs on; absent where it is not known. */
  readonly host?: string
  /** Whether a proxy stands beside it; else it is spoken to in plain. */
  readonly meshed: boolean
  /** Ports whose connections its proxy never sees: they are spoken to in plain. */
  readonly plainPorts?: readonly PortRange[]
  /** Ports whose bytes are never looked at, as the instance itself says. */
  readonly opaquePorts?: readonly PortRange[]
  readonly state: InstanceState
  /** Why it is not ready, one sentence; empty when ready. */
  readonly reason: string
  /** Nobody said that it cannot serve: only its host was not heard of. It is better than nothing where nothing else is left. */
  readonly isUnheard?: true
}

/** A registration as the server keeps it, to give it back to the model after a restart. */
export interface Registration {
  readonly node: Node
  /** The stream that holds it; empty while it waits for its proxy to come back. */
  readonly owner: string
  readonly state: InstanceState
  readonly reason: string
}

/** `NAMESPACE/INSTANCE`. */
export function instanceKey(ref: InstanceRef): string {
  return `${ref.namespace}/${ref.instance}`
}
