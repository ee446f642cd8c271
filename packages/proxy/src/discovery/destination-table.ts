import type { DestinationUpdateJson, SubscriptionJson } from '@heddle/api/discovery'
import { type Clock, monotonicMs, type Timer } from '@heddle/base/clock'
import { ProxyError } from '../errors/proxy-error.ts'
import type { LoadedCode } from '../routing/later-code.ts'
import type { Destination, DestinationSource } from '../workload.ts'
import { planUpdates, replaceContent } from './plan-updates.ts'

/** Bounds of a {@link DestinationTable}. */
export interface DestinationTableOptions {
  readonly clock: Clock
  /** What becomes of addresses while nothing was ever heard from the control plane. */
  readonly beforeDiscovery: 'refuse' | 'pass-through'
  /** How long a request waits for an unknown destination. */
  readonly timeoutMs: number
  /** At most so many destinations; beyond it the one that was not used for the longest time goes. */
  readonly maxDestinations?: number
  /** What was not asked for for so long is let go. */
  readonly idleMs?: number
  /** A key is to be subscribed to (again). */
  readonly want: (key: string) => void
  readonly letGo: (key: string) => void
}

/** What came of a message. */
export interface Applied {
  /** Empty: everything is in force. Else nothing of it is. */
  readonly problems: readonly string[]
}

interface Entry {
  destination: Destination | undefined
  /** Asked for since the last sweep. A flag, so that a request costs no look at the clock. */
  isUsed: boolean
  /** By the monotonic clock. */
  usedMs: number
  waiting: Waiting | undefined
  /** Why the last message about it was refused, where nothing is known from before. */
  refusal: string | undefined
}

interface Waiting {
  readonly promise: Promise<Destination>
  readonly resolve: (destination: Destination) => void
  readonly reject: (error: ProxyError) => void
  readonly timer: Timer
}

const MAX_DESTINATIONS = 4_000
const IDLE_MS = 300_000
const PASS_THROUGH: Destination = { kind: 'unmeshed', version: 'before discovery' }

/** What is known of destinations, and who waits for what is not. */
export class DestinationTable implements DestinationSource {
  readonly #options: DestinationTableOptions
  readonly #entries = new Map<string, Entry>()
  #isDiscovered = false

  constructor(options: DestinationTableOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#entries.size
  }

  /** Key and destination of all that is known. */
  *list(): Iterable<readonly [string, Destination]> {
    for (const [key, { destination }] of this.#entries) {
      if (destination !== undefined) yield [key, destination]
    }
  }

  resolve(key: string): Destination | Promise<Destination> {
    const entry = this.#entries.get(key) ?? this.#add(key)
    if (entry === undefined)
      return Promise.reject(new ProxyError('discovery_unavailable', 'too many unknown destinations'))
    entry.isUsed = true
    if (entry.destination !== undefined) return entry.destination
    const mayPass = this.#options.beforeDiscovery === 'pass-through' && !this.#isDiscovered
    if (mayPass && key.startsWith('address:')) return PASS_THROUGH
    if (entry.refusal !== undefined) return Promise.reject(refused(entry.refusal))
    entry.waiting ??= this.#wait(key, entry)
    return entry.waiting.promise
  }

  /** Asks for a destination before anybody needs it. */
  prepare(key: string): void {
    if (!this.#entries.has(key)) this.#add(key)
  }

  /** Everything that is wanted, with the version that is held. */
  subscriptions(): SubscriptionJson[] {
    return Array.from(this.#entries, ([key, { destination }]) => ({ key, version: destination?.version ?? '' }))
  }

  /**
   * Applies all of `updates` or nothing.
   * @param code - as of {@link planUpdates}
   */
  apply(updates: readonly DestinationUpdateJson[], code?: LoadedCode): Applied {
    this.#isDiscovered = true
    const wanted = updates.filter(({ key = '' }) => this.#entries.has(key))
    const plan = planUpdates(wanted, (key) => this.#entries.get(key)?.destination, code)
    if (plan.problems.length > 0) {
      this.#refuse(wanted, plan.problems)
      return plan
    }
    for (const [key, destination] of plan.next) this.#put(key, destination)
    // What is held of them goes on serving until the whole comes.
    for (const key of plan.outdated) this.#options.want(key)
    return plan
  }

  /**
   * Lets go what was not used for a while, and asks again for what is in use and not followed; to be called every minute or so.
   */
  sweep(): void {
    const { clock, idleMs = IDLE_MS, letGo, want } = this.#options
    const nowMs = monotonicMs(clock)
    for (const [key, entry] of this.#entries) {
      const { destination } = entry
      if (entry.isUsed && destination?.kind === 'missing' && destination.isUnfollowed === true) want(key)
      if (entry.isUsed) entry.usedMs = nowMs
      entry.isUsed = false
      if (nowMs - entry.usedMs < idleMs || entry.waiting !== undefined) continue
      this.#entries.delete(key)
      letGo(key)
    }
  }

  #add(key: string): Entry | undefined {
    if (!this.#makeRoom()) return undefined
    const usedMs = monotonicMs(this.#options.clock)
    const entry: Entry = { destination: undefined, isUsed: false, usedMs, waiting: undefined, refusal: undefined }
    this.#entries.set(key, entry)
    this.#options.want(key)
    return entry
  }

  /** Who waits for what was refused is told so at once. What is known from before goes on serving. */
  #refuse(updates: readonly DestinationUpdateJson[], problems: readonly string[]): void {
    for (const { key = '' } of updates) {
      const entry = this.#entries.get(key)!
      if (entry.destination !== undefined) continue
      entry.refusal = problems.join('; ')
      const { waiting } = entry
      entry.waiting = undefined
      waiting?.timer.cancel()
      waiting?.reject(refused(entry.refusal))
    }
  }

  #put(key: string, destination: Destination): void {
    const entry = this.#entries.get(key)!
    entry.refusal = undefined
    if (entry.destination === undefined) entry.destination = destination
    else replaceContent(entry.destination, destination)
    const { waiting } = entry
    if (waiting === undefined) return
    entry.waiting = undefined
    waiting.timer.cancel()
    waiting.resolve(entry.destination)
  }

  #wait(key: string, entry: Entry): Waiting {
    const { clock, timeoutMs } = this.#options
    const { promise, resolve, reject } = Promise.withResolvers<Destination>()
    const timer = clock.after(timeoutMs, () => {
      entry.waiting = undefined
      reject(new ProxyError('discovery_unavailable', `no answer for ${key} after ${timeoutMs} ms`))
    })
    return { promise, resolve, reject, timer }
  }

  /** @returns false when everything that is held is waited for */
  #makeRoom(): boolean {
    const { maxDestinations = MAX_DESTINATIONS, letGo } = this.#options
    if (this.#entries.size < maxDestinations) return true
    const oldest = this.#leastUsed()
    if (oldest === undefined) return false
    this.#entries.delete(oldest)
    letGo(oldest)
    return true
  }

  #leastUsed(): string | undefined {
    let oldest: string | undefined
    let oldestMs = Number.POSITIVE_INFINITY
    for (const [key, { isUsed, usedMs, waiting }] of this.#entries) {
      const lastMs = isUsed ? Number.MAX_SAFE_INTEGER : usedMs
      if (waiting !== undefined || lastMs >= oldestMs) continue
      oldest = key
      oldestMs = lastMs
    }
    return oldest
  }
}

function refused(problems: string): ProxyError {
  return new ProxyError('configuration_refused', problems)
}
