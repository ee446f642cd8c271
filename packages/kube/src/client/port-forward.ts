import type { ClusterAccess } from './kubeconfig.ts'

/** A port inside a pod. */
export interface PortForwardTarget {
  readonly namespace: string
  readonly pod: string
  readonly port: number
}

/** A listener on this machine whose connections end in the pod. */
export interface PortForward {
  /** On 127.0.0.1. */
  readonly port: number
  /** Ends the listener and its connections. */
  close(): Promise<void>
}

/** Listens on loopback and carries each connection to the pod through the API server. */
export declare function openPortForward(access: ClusterAccess, target: PortForwardTarget): Promise<PortForward>
