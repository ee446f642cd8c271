import type { HttpVersion } from './exchange/http-version.ts'
import type { WorkloadContext } from './workload.ts'

/** One address on which a proxy listens for one workload. Port 0: any free one. */
export type ListenerConfig =
  | TransparentOutboundListener
  | TransparentInboundListener
  | ExplicitOutboundListener
  | ExplicitInboundListener

interface BoundAddress {
  /** IP literal; `::` takes IPv6 only. */
  readonly address: string
  readonly port: number
}

/** What the application sends anywhere arrives here, redirected by the kernel. */
export interface TransparentOutboundListener extends BoundAddress {
  readonly kind: 'transparent-outbound'
}

/** What others send to the application arrives here, redirected by the kernel. */
export interface TransparentInboundListener extends BoundAddress {
  readonly kind: 'transparent-inbound'
}

/** The application sends here what is meant for one destination. */
export interface ExplicitOutboundListener extends BoundAddress {
  readonly kind: 'explicit-outbound'
  /** Key of the destination: `name:SERVICE.NAMESPACE:PORT` or `address:IP:PORT`. */
  readonly key: string
}

/** Others send here what is meant for one port of the application. */
export interface ExplicitInboundListener extends BoundAddress {
  readonly kind: 'explicit-inbound'
  /** Where the application listens: IP literal and port. */
  readonly appAddress: string
  readonly appPort: number
  /** The port as the Workload declares it, for counters and policy. */
  readonly workloadPort: number
}

/** Which requests and opaque connections get a line in the log; `failures`: those that failed in the mesh. */
export type AccessLog = 'off' | 'failures' | 'all'

/** A workload and where it is served. */
export interface ServedWorkload {
  readonly context: WorkloadContext
  readonly listeners: readonly ListenerConfig[]
  /** What becomes of traffic to the application without mTLS; `permit` unless stated. */
  readonly plainInbound?: 'permit' | 'refuse'
  /** What to speak with other proxies that take both versions of HTTP; `http2` unless stated. */
  readonly meshVersion?: HttpVersion
  /** `failures` unless stated. */
  readonly accessLog?: AccessLog
}
