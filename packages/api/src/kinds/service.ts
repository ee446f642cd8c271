import type { ObjectMeta } from './object-meta.ts'

/** Kubernetes' `v1` Service: a name and ports that clients address. Defaults are filled in. */
export interface Service {
  readonly apiVersion: 'v1'
  readonly kind: 'Service'
  readonly metadata: ObjectMeta
  readonly spec: ServiceSpec
}

export type ServiceType = 'ClusterIP' | 'ExternalName' | 'NodePort' | 'LoadBalancer'
/** All three mean the client's zone here, then its region: nodes are not told apart. */
export type TrafficDistribution = 'PreferClose' | 'PreferSameZone' | 'PreferSameNode'
export type IpFamily = 'IPv4' | 'IPv6'

/** What the mesh makes use of in Kubernetes' ServiceSpec. */
export interface ServiceSpec {
  readonly type: ServiceType
  /** Labels of the Workloads behind it; absent: none are selected. */
  readonly selector?: Readonly<Record<string, string>>
  readonly ports: readonly ServicePort[]
  /** Virtual addresses that the file asks for. `['None']`: headless. Empty: the control plane allocates. */
  readonly clusterIPs: readonly string[]
  readonly ipFamilies?: readonly IpFamily[]
  readonly ipFamilyPolicy?: 'SingleStack' | 'PreferDualStack' | 'RequireDualStack'
  readonly externalName?: string
  /** Endpoints that are not ready are given to clients as well. */
  readonly publishNotReadyAddresses: boolean
  /** Clients are given endpoints of their own host only; absent: of all. */
  readonly internalTrafficPolicy?: 'Local'
  /** Which endpoints clients prefer; absent: none. */
  readonly trafficDistribution?: TrafficDistribution
}

/** What clients address (`port`) and where it leads (`targetPort`). Only TCP is served. */
export interface ServicePort {
  /** Empty where the file gives none, which is legal for the only port. */
  readonly name: string
  readonly port: number
  readonly protocol: 'TCP' | 'UDP' | 'SCTP'
  readonly appProtocol?: string
  /** Number, or name of a port of the Workload; `port` where the file gives none. */
  readonly targetPort: number | string
}

/** Whether clients are given endpoints of their own host only, which is a matter of virtual addresses. */
export function isLocalOnly(service: Service): boolean {
  return service.spec.internalTrafficPolicy === 'Local' && !isHeadless(service)
}

/** Whether the Service has no virtual address and is resolved to its endpoints. */
export function isHeadless(service: Service): boolean {
  return service.spec.clusterIPs[0] === 'None'
}
