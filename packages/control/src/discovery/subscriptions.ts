import { create } from '@bufbuild/protobuf'
import {
  type Destination,
  DestinationSchema,
  type DestinationUpdate,
  DestinationUpdateSchema,
  NotFoundSchema,
  type Subscription,
} from '@heddle/api/discovery'
import type { MissingKeys } from './missing-keys.ts'
import type { KeyHolder, ResolvedKeys } from './resolved-keys.ts'

/** A stream asked for more destinations than it may hold. */
export class TooManySubscriptionsError extends Error {
  override readonly name = 'TooManySubscriptionsError'
}

export interface SubscriptionsOptions {
  /** Who the proxy is as a client, as {@link formatClient} writes it. */
  readonly clients: string
  readonly keys: ResolvedKeys
  /** How many destinations it may hold. */
  readonly max: number
  /** Of the proxy's identity. */
  readonly missing: MissingKeys
  /** Called when it asks for one more that does not exist than is followed. */
  readonly onUnfollowed: () => void
  /** Called when there is something to take. */
  readonly wake: () => void
}

/** Messages whose acknowledgement is waited for; of older ones a refusal can no longer be told apart. */
export const MAX_UNACKNOWLEDGED = 256

/**
 * What one stream holds and what it was sent of it. Changes are marked, not queued: however slow the other side reads,
 * a destination waits at most once, in its newest state.
 */
export class Subscriptions implements KeyHolder {
  readonly #options: SubscriptionsOptions
  /** What the proxy holds of each key; `undefined`: nothing that a delta could build on. */
  readonly #sent = new Map<string, Destination | undefined>()
  readonly #dirty = new Set<string>()
  readonly #unacknowledged = new Map<bigint, readonly string[]>()
  /** What the proxy refused and was not sent anew. */
  readonly #refused = new Set<string>()
  /** Held keys that are counted in the options' `missing`. */
  readonly #missing = new Set<string>()
  /** Answers that are due to keys which are not held. */
  readonly #unfollowed = new Map<string, Destination>()
  #clients: string

  constructor(options: SubscriptionsOptions) {
    this.#options = options
    this.#clients = options.clients
  }

  get clients(): string {
    return this.#clients
  }

  /** The proxy turns out to be another client than it was taken for: what it holds may mean something else to it. */
  becomes(clients: string): void {
    if (clients === this.#clients) return
    const { keys } = this.#options
    for (const key of this.#sent.keys()) keys.release(key, this)
    this.#clients = clients
    for (const key of this.#sent.keys()) {
      keys.hold(key, this)
      this.keyChanged(key)
    }
  }

  get size(): number {
    return this.#sent.size
  }

  /**
   * Holds one more destination. One that the proxy has in its present version is not sent; one that it asks for again
   * in another version than it was sent is sent whole. One that does not exist is only answered, not held, where the proxy's
   * identity has too many of those.
   *
   * @throws {TooManySubscriptionsError}
   */
  add({ key, version }: Subscription): void {
    if (!this.#sent.has(key) && this.#sent.size + this.#unfollowed.size >= this.#options.max) {
      throw new TooManySubscriptionsError(`at most ${this.#options.max} destinations per stream`)
    }
    const destination = this.#options.keys.hold(key, this)
    if (!this.#sent.has(key) && isMissing(destination) && !this.#options.missing.mayHold(key)) {
      this.#options.keys.release(key, this)
      this.#answerOnly(key, destination)
      return
    }
    this.#unfollowed.delete(key)
    this.#count(key, destination)
    if (destination.version === version) {
      this.#sent.set(key, destination)
      this.#dirty.delete(key)
      return
    }
    const before = this.#sent.get(key)
    if (before === undefined || before.version !== version) this.#sent.set(key, undefined)
    this.keyChanged(key)
  }

  has(key: string): boolean {
    return this.#sent.has(key)
  }

  remove(key: string): void {
    this.#unfollowed.delete(key)
    if (!this.#sent.delete(key)) return
    if (this.#missing.delete(key)) this.#options.missing.release(key)
    this.#refused.delete(key)
    this.#dirty.delete(key)
    this.#options.keys.release(key, this)
  }

  clear(): void {
    for (const key of this.#sent.keys()) this.#options.keys.release(key, this)
    for (const key of this.#missing) this.#options.missing.release(key)
    this.#sent.clear()
    this.#missing.clear()
    this.#unfollowed.clear()
    this.#dirty.clear()
    this.#refused.clear()
    this.#unacknowledged.clear()
  }

  keyChanged(key: string): void {
    this.#dirty.add(key)
    this.#options.wake()
  }

  get hasChanges(): boolean {
    return this.#dirty.size + this.#unfollowed.size > 0
  }

  /** Whether the proxy refused something and has not been sent it anew. */
  get hasRefused(): boolean {
    return this.#refused.size > 0
  }

  /** Takes what changed since it was taken last; it counts as sent in message `sequence`. */
  take(sequence: bigint): DestinationUpdate[] {
    const updates: DestinationUpdate[] = []
    for (const key of this.#dirty) {
      const update = this.#updateOf(key)
      if (update !== undefined) updates.push(update)
    }
    this.#dirty.clear()
    for (const [key, value] of this.#unfollowed) updates.push(toUpdate(key, value))
    this.#unfollowed.clear()
    this.#remember(
      sequence,
      updates.map((update) => update.key),
    )
    return updates
  }

  /** The proxy applied everything up to `sequence`. */
  applied(sequence: bigint): void {
    for (const earlier of this.#unacknowledged.keys()) {
      if (earlier > sequence) return
      this.#unacknowledged.delete(earlier)
    }
  }

  /** The proxy kept what it had instead of message `sequence`: a delta can't build on what was in it. */
  refused(sequence: bigint): void {
    for (const key of this.#unacknowledged.get(sequence) ?? []) {
      if (!this.#sent.has(key)) continue
      this.#sent.set(key, undefined)
      this.#refused.add(key)
    }
    this.#unacknowledged.delete(sequence)
  }

  #updateOf(key: string): DestinationUpdate | undefined {
    const to = this.#options.keys.destination(key, this)
    if (to === undefined) return undefined
    const from = this.#sent.get(key)
    this.#count(key, to)
    this.#sent.set(key, to)
    this.#refused.delete(key)
    if (from?.version === to.version) return undefined
    const delta = from === undefined ? undefined : this.#options.keys.delta(key, this, from)
    if (delta === undefined) return toUpdate(key, to)
    return create(DestinationUpdateSchema, { key, change: { case: 'delta', value: delta } })
  }

  #count(key: string, destination: Destination): void {
    const { missing } = this.#options
    if (isMissing(destination) === this.#missing.has(key)) return
    if (this.#missing.delete(key)) missing.release(key)
    else {
      this.#missing.add(key)
      missing.add(key)
    }
  }

  #answerOnly(key: string, { version, target }: Destination): void {
    const { missing, onUnfollowed, wake } = this.#options
    const reason = target.case === 'notFound' ? `${target.value.reason}; ` : ''
    const value = create(NotFoundSchema, {
      reason: `${reason}not followed, since its identity asks for ${missing.size} others that do not exist`,
      unfollowed: true,
    })
    const answer = { version: `${version}-unfollowed`, target: { case: 'notFound', value } } as const
    this.#unfollowed.set(key, create(DestinationSchema, answer))
    onUnfollowed()
    wake()
  }

  #remember(sequence: bigint, keys: readonly string[]): void {
    if (keys.length === 0) return
    this.#unacknowledged.set(sequence, keys)
    if (this.#unacknowledged.size <= MAX_UNACKNOWLEDGED) return
    const [oldest] = this.#unacknowledged.keys()
    this.#unacknowledged.delete(oldest!)
  }
}

function isMissing({ target }: Destination): boolean {
  return target.case === 'notFound'
}

function toUpdate(key: string, value: Destination): DestinationUpdate {
  return create(DestinationUpdateSchema, { key, change: { case: 'destination', value } })
}
