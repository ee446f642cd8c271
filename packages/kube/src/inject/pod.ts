/** The part of Kubernetes' Pod, or of a template of one, that injection looks at; all else is carried along as it is. */
export interface PodTemplate {
  readonly metadata?: PodMeta
  readonly spec?: PodSpec
  readonly [field: string]: unknown
}

/** `metadata` of a Pod or of its template; what only an API server sets is absent in templates. */
export interface PodMeta {
  readonly name?: string
  readonly generateName?: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly OwnerReference[]
  readonly [field: string]: unknown
}

/** Which object made this one. */
export interface OwnerReference {
  readonly kind: string
  readonly name: string
  readonly controller?: boolean
  readonly [field: string]: unknown
}

/** `spec` of a Pod. */
export interface PodSpec {
  readonly containers?: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly volumes?: readonly Volume[]
  readonly hostNetwork?: boolean
  readonly restartPolicy?: string
  readonly terminationGracePeriodSeconds?: number
  readonly os?: { readonly name?: string }
  readonly securityContext?: { readonly runAsUser?: number; readonly [field: string]: unknown }
  readonly [field: string]: unknown
}

/** A container of a Pod. */
export interface Container {
  readonly name: string
  readonly image?: string
  readonly restartPolicy?: string
  readonly ports?: readonly ContainerPort[]
  readonly startupProbe?: Probe
  readonly readinessProbe?: Probe
  readonly livenessProbe?: Probe
  readonly securityContext?: { readonly runAsUser?: number; readonly [field: string]: unknown }
  readonly [field: string]: unknown
}

/** A port that a container declares. */
export interface ContainerPort {
  readonly containerPort: number
  readonly name?: string
  readonly protocol?: string
  readonly [field: string]: unknown
}

/** How a kubelet asks a container. */
export interface Probe {
  readonly tcpSocket?: TcpSocket
  readonly httpGet?: { readonly path?: string; readonly port: number | string; readonly [field: string]: unknown }
  readonly timeoutSeconds?: number
  readonly [field: string]: unknown
}

/** A probe that is content with a connection. */
export interface TcpSocket {
  /** Number, or name of a port of the container. */
  readonly port: number | string
  /** Left out: the pod. */
  readonly host?: string
}

/** A volume of a Pod. */
export interface Volume {
  readonly name: string
  readonly [field: string]: unknown
}

/** Kubernetes' own. */
const DEFAULT_GRACE_SECONDS = 30

/** How long a pod may take to end, in seconds. */
export function graceSecondsOf({ terminationGracePeriodSeconds }: PodSpec): number {
  return terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS
}
