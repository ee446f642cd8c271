/** An address of a Workload for one Service port. */
export interface Endpoint {
  /** Unique within the mesh: "NAMESPACE/INSTANCE:PORT". */
  readonly id: string
  /** IP literal. */
  readonly address: string
  readonly port: number
  /** SPIFFE id that the other side must prove; `undefined`: it has no proxy and is spoken to in plain. */
  readonly identity: string | undefined
  /** TLS server name to send, where `identity` is set. */
  readonly serverName: string | undefined
  readonly namespace: string
  readonly workload: string
  readonly instance: string
  readonly region: string
  readonly zone: string
  /** Share of requests beside the others, at least 1. */
  readonly weight: number
}
