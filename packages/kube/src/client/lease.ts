import { Backoff } from '@heddle/base/backoff'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { type KubeClient, KubeError, type KubeObject } from './client.ts'
import { LEASES } from './resources.ts'

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

/**
 * Stands for leader until `signal` is aborted, then gives the lease back; resolves after that. As client-go does it: nobody trusts
 * anybody's clock, a lease is free when its record did not change for its duration as seen by who wants it. The holder renews it at
 * every seventh of the duration and stops leading when two thirds went by without success, well before others may take it.
 */
export function holdLease(options: LeaseOptions, signal: AbortSignal): Promise<void> {
  return new Candidate(options).stand(signal)
}

/** The `spec` of `coordination.k8s.io/v1` Lease. Times have microseconds. */
interface LeaseSpec {
  readonly holderIdentity?: string
  readonly leaseDurationSeconds?: number
  readonly acquireTime?: string
  readonly renewTime?: string
  readonly leaseTransitions?: number
}

interface Lease extends KubeObject {
  readonly spec?: LeaseSpec
}

const DURATION_MS = 15_000
/** How long a call may take when the process ends. */
const LAST_CALL_MS = 2000

class Candidate {
  readonly #options: LeaseOptions
  readonly #durationMs: number
  readonly #retry: Backoff
  /** The record as it was last seen to change, and when. */
  #observed = ''
  #observedAtUs = 0
  #lease: Lease | undefined
  #leading: AbortController | undefined
  #loseTimer = { cancel() {} }
  #hasLeft = false

  constructor(options: LeaseOptions) {
    this.#options = options
    this.#durationMs = options.leaseDurationMs ?? DURATION_MS
    const everyMs = this.#durationMs / 7
    this.#retry = new Backoff({ firstMs: everyMs, lastMs: everyMs, jitter: 0.2 })
  }

  async stand(signal: AbortSignal): Promise<void> {
    const leaving = this.#hurry(signal)
    while (!signal.aborted) {
      await Promise.race([this.#turn(), leaving])
      await this.#options.clock.sleep(this.#retry.nextMs(), signal)
    }
    await this.#giveBack()
  }

  /** Whoever ends does not wait for an API server that does not answer. */
  async #hurry(signal: AbortSignal): Promise<void> {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    await this.#options.clock.sleep(LAST_CALL_MS)
  }

  async #turn(): Promise<void> {
    const { clock, log, name } = this.#options
    const startedUs = clock.monotonicUs()
    try {
      const isOurs = await this.#within(this.#renewalMs, this.#takeOrRenew())
      // A call that was under way may end after the lease was given back.
      if (isOurs === true && !this.#hasLeft) this.#lead(startedUs)
      if (isOurs === false) this.#lose('another holds it')
    } catch (error) {
      log.warn('lease not reached', { lease: name, error: (error as Error).message })
    }
  }

  /** A call that hangs must not keep the next one from being tried. */
  async #within<T>(limitMs: number, work: Promise<T>): Promise<T> {
    const over = new AbortController()
    const late = this.#options.clock.sleep(limitMs, over.signal).then(() => {
      throw new Error('no answer in time')
    })
    late.catch(() => {})
    work.catch(() => {})
    try {
      return await Promise.race([work, late])
    } finally {
      over.abort()
    }
  }

  get #renewalMs(): number {
    return (this.#durationMs * 2) / 3
  }

  /** Whether the lease is ours now; `undefined` where somebody wrote it at the same moment, which the next turn looks at. */
  async #takeOrRenew(): Promise<boolean | undefined> {
    const { client, namespace, name } = this.#options
    this.#lease = await client.get<Lease>({ resource: LEASES, namespace, name })
    if (this.#lease === undefined) return this.#write(undefined)
    this.#observe(this.#lease)
    return this.#mayTake(this.#lease) ? this.#write(this.#lease) : false
  }

  #observe({ metadata, spec }: Lease): void {
    const record = `${metadata.uid} ${JSON.stringify(spec)}`
    if (record === this.#observed) return
    this.#observed = record
    this.#observedAtUs = this.#options.clock.monotonicUs()
  }

  #mayTake({ spec }: Lease): boolean {
    const { holder, clock } = this.#options
    const holding = spec?.holderIdentity ?? ''
    if (holding === '' || holding === holder) return true
    const durationUs = (spec?.leaseDurationSeconds ?? this.#durationMs / 1000) * 1e6
    return clock.monotonicUs() - this.#observedAtUs > durationUs
  }

  async #write(before: Lease | undefined): Promise<boolean | undefined> {
    const { client, namespace, name } = this.#options
    const metadata = before?.metadata ?? { namespace, name }
    const spec = this.#nextSpec(before?.spec)
    try {
      this.#lease = before
        ? await client.update<Lease>(LEASES, { metadata, spec })
        : await client.create<Lease>(LEASES, { metadata, spec })
    } catch (error) {
      if (error instanceof KubeError && error.status === 409) return undefined
      throw error
    }
    this.#observe(this.#lease)
    return true
  }

  #nextSpec(before: LeaseSpec | undefined): LeaseSpec {
    const { holder } = this.#options
    const now = microTime(this.#options.clock.nowMs())
    const isRenewal = before?.holderIdentity === holder
    const transitions = before?.leaseTransitions ?? 0
    return {
      holderIdentity: holder,
      leaseDurationSeconds: Math.ceil(this.#durationMs / 1000),
      acquireTime: isRenewal ? (before.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: before === undefined || isRenewal ? transitions : transitions + 1,
    }
  }

  /** @param startedUs - when the call was made that took or renewed the lease: others count from later */
  #lead(startedUs: number): void {
    const { clock, log, name, onLeading } = this.#options
    const leftMs = this.#renewalMs - (clock.monotonicUs() - startedUs) / 1000
    if (leftMs <= 0) return
    this.#loseTimer.cancel()
    this.#loseTimer = clock.after(leftMs, () => this.#lose('it could not be renewed in time'))
    if (this.#leading !== undefined) return
    log.info('leading', { lease: name })
    this.#leading = new AbortController()
    onLeading(this.#leading.signal)
  }

  #lose(reason: string): void {
    if (this.#leading === undefined) return
    this.#options.log.info('no longer leading', { lease: this.#options.name, reason })
    this.#loseTimer.cancel()
    const leading = this.#leading
    this.#leading = undefined
    leading.abort()
  }

  /** So that the next one need not wait for it to expire. */
  async #giveBack(): Promise<void> {
    this.#hasLeft = true
    const isHeld = this.#leading !== undefined
    this.#lose('the process ends')
    if (!isHeld || this.#lease === undefined) return
    const { client, clock, log, name } = this.#options
    const { metadata, spec } = this.#lease
    const released = { ...spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(clock.nowMs()) }
    try {
      await this.#within(LAST_CALL_MS, client.update(LEASES, { metadata, spec: released }))
    } catch (error) {
      log.warn('lease not given back', { lease: name, error: (error as Error).message })
    }
  }
}

/** RFC 3339 with six digits, as `metav1.MicroTime` wants it. */
function microTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z')
}
