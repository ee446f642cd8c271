import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import type { Limits } from './limits.ts'
import type { ListenerConfig, ServedWorkload } from './listener-config.ts'
import type { Registry } from '@heddle/telemetry/registry'

/** What a proxy serves. */
export interface ProxyConfig {
  readonly workloads: readonly ServedWorkload[]
  /** What differs from the defaults of {@link Limits}. */
  readonly limits?: Partial<Limits>
}

/** What the proxy needs from outside; main.ts passes the real ones, tests their own. */
export interface ProxyDeps {
  readonly clock: Clock
  readonly log: Log
  readonly meter: Registry
  /** 0 to below 1; `Math.random` unless stated. */
  readonly random?: () => number
}

/** A listener with the port it really has. */
export interface BoundListener {
  readonly config: ListenerConfig
  readonly namespace: string
  readonly workload: string
  readonly port: number
}

/** One accepted connection, for people who look. */
export interface ConnectionRecord {
  readonly listener: ListenerConfig['kind']
  /** `IP:PORT` of the client. */
  readonly client: string
  /** Key of the destination, or address of the application. */
  readonly destination: string
  readonly protocol: string
  /** SPIFFE id of the client, empty in plain. */
  readonly peerIdentity: string
  readonly openRequests: number
  readonly readBytes: number
  readonly writtenBytes: number
  readonly ageMs: number
}

/** A running proxy. */
export interface Proxy {
  readonly listeners: readonly BoundListener[]
  readonly state: 'running' | 'draining' | 'stopped'
  /** The first `most` of the accepted connections. */
  connections(most: number): readonly ConnectionRecord[]
  /**
   * Stops accepting, lets open requests finish for up to `drainMs`, then closes what is left. HTTP/1 clients are told by
   * `connection: close`. May be called more than once; every call gets the first one's promise.
   */
  drain(drainMs: number): Promise<void>
  /** Closes all at once. */
  close(): Promise<void>
}

/**
 * Starts a proxy and resolves once all of its listeners are bound. It waits for no certificate and no control plane.
 *
 * @returns the running proxy; the caller owns it and must call {@link Proxy.drain} or {@link Proxy.close}
 * @throws {ListenError} if an address is taken or forbidden; nothing is left listening then
 */
export declare function startProxy(config: ProxyConfig, deps: ProxyDeps): Promise<Proxy>
