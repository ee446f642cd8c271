import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import type { KubeClient } from './client.ts'

/** A Lease that at most one holder has at a time. */
export interface LeaseOptions {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'update'>
  readonly namespace: string
  readonly name: string
  /** Unique to this process: the pod's name. */
  readonly holder: string
  readonly clock: Clock
  readonly log: Log
  /** Others may take a lease that was not renewed for so long; 15 s by default. */
  readonly leaseDurationMs?: number
  /** Called each time the lease was taken. `signal` is aborted before anybody else can have it. */
  onLeading(signal: AbortSignal): void
}

/** Stands for leader until `signal` is aborted, then gives the lease back; resolves after that. */
export declare function holdLease(options: LeaseOptions, signal: AbortSignal): Promise<void>
