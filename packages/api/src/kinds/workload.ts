import type { ObjectMeta } from './object-meta.ts'

/** `heddle.dev/v1alpha1` Workload: instances with one identity, at addresses or run by a command. Defaults are filled in. */
export interface Workload {
  readonly apiVersion: 'heddle.dev/v1alpha1'
  readonly kind: 'Workload'
  /** `labels` are what the selectors of Services match. */
  readonly metadata: ObjectMeta
  readonly spec: WorkloadSpec
}

/** Exactly one of `addresses` and `command` is there. */
export interface WorkloadSpec {
  readonly serviceAccount: string
  readonly ports: readonly WorkloadPort[]
  /** IP literals where instances run that nobody here starts. */
  readonly addresses?: readonly string[]
  /** Program and arguments; no shell. */
  readonly command?: readonly string[]
  readonly args: readonly string[]
  /** Relative to the file that holds the Workload. */
  readonly workingDir?: string
  readonly replicas: number
  readonly env: readonly EnvVar[]
  readonly locality?: WorkloadLocality
  readonly healthCheck?: HealthCheck
  readonly terminationGracePeriodSeconds: number
  readonly restartPolicy: 'Always' | 'OnFailure' | 'Never'
}

/** A port as other workloads know it; in explicit mode the application listens on another one (`portRef`). */
export interface WorkloadPort {
  readonly name: string
  readonly port: number
  readonly protocol: 'TCP'
  readonly appProtocol?: string
}

/** Where instances run, in the operator's own words: they are compared, not interpreted. */
export interface WorkloadLocality {
  readonly region: string
  readonly zone: string
}

/** Exactly one of `value` and `valueFrom` is there. */
export interface EnvVar {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: EnvVarSource
}

export type EnvFieldPath = 'metadata.name' | 'metadata.namespace' | 'spec.serviceAccount' | 'status.address'

/** Exactly one of the three is there. */
export interface EnvVarSource {
  /** `HOST:PORT` at which the application reaches a Service. */
  readonly serviceRef?: { readonly name: string; readonly namespace: string; readonly port: number | string }
  /** The port on which the application must listen for the port of this name. */
  readonly portRef?: { readonly name: string }
  /** `metadata.name` is the instance's name; `status.address` the IP literal to bind. */
  readonly fieldRef?: { readonly fieldPath: EnvFieldPath }
}

/** As Kubernetes spells a probe; exactly one of `httpGet` and `tcpSocket` is there. */
export interface HealthCheck {
  readonly httpGet?: { readonly path: string; readonly port: number | string }
  readonly tcpSocket?: { readonly port: number | string }
  readonly initialDelaySeconds: number
  readonly periodSeconds: number
  readonly timeoutSeconds: number
  readonly failureThreshold: number
  readonly successThreshold: number
}
