import { create, equals } from '@bufbuild/protobuf'
import { type Inbound, InboundSchema, type Node, type WatchResponse, WatchResponseSchema } from '@heddle/api/discovery'
import type { DecisionQuery } from '@heddle/api/discovery/decision'
import type { Clock } from '@heddle/base/clock'
import type { MissingKeys } from './missing-keys.ts'
import type { ResolvedKeys } from './resolved-keys.ts'
import { MAX_UNACKNOWLEDGED, Subscriptions } from './subscriptions.ts'
import { WakeUp } from './wake-up.ts'

/** An empty message is sent after this much silence, so that both ends notice a dead connection. */
const HEARTBEAT_MS = 10_000

/** What a stream is made of; see {@link DiscoveryStream}. */
export interface DiscoveryStreamOptions {
  readonly id: string
  readonly node: Node
  /** Who the proxy is as a client, as {@link formatClient} writes it. */
  readonly clients: string
  readonly keys: ResolvedKeys
  readonly maxSubscriptions: number
  /** Of the proxy's identity, over all of its streams. */
  readonly missing: MissingKeys
  /** Called for each destination that is answered but not followed. */
  readonly onUnfollowed: () => void
  readonly clock: Clock
  /** PEM of what to trust at present. */
  readonly trustBundle: () => string
  /** What the proxy must know of its own workload at present. */
  readonly inbound: () => Inbound
  /** Of the configuration, as far as its changes are among what the subscriptions have. */
  readonly revision: () => number
}

/** Why a stream ended. */
export type StreamEnd = 'replaced' | 'disconnected' | 'stopping' | 'certificate expired' | 'stuck'

/** The conversation with one proxy: what it is to be told, and what it said of it. */
export class DiscoveryStream {
  readonly id: string
  readonly node: Node
  readonly subscriptions: Subscriptions
  readonly #options: DiscoveryStreamOptions
  readonly #wakeUp: WakeUp
  #sequence = 0n
  #applied = 0n
  /** Of the configuration, by the messages that are not acknowledged. */
  readonly #revisions = new Map<bigint, number>()
  #appliedRevision = 0
  #problems: readonly string[] = []
  #trustBundleSent = ''
  #inboundSent: Inbound | undefined
  #isInboundDue = true
  /** By id; not handed over yet. */
  readonly #queries = new Map<string, DecisionQuery>()
  #end: StreamEnd | undefined
  #handedOverUs: number | undefined

  constructor(options: DiscoveryStreamOptions) {
    this.#options = options
    this.id = options.id
    this.node = options.node
    this.#wakeUp = new WakeUp(options.clock)
    this.subscriptions = new Subscriptions({
      clients: options.clients,
      keys: options.keys,
      max: options.maxSubscriptions,
      missing: options.missing,
      onUnfollowed: options.onUnfollowed,
      wake: () => this.#wakeUp.call(),
    })
  }

  /** The number of the last message; 0 before the first. */
  get sequenceSent(): bigint {
    return this.#sequence
  }

  /** The last message that the proxy applied. */
  get sequenceApplied(): bigint {
    return this.#applied
  }

  /** Why the proxy refused what it was told last; empty when it applied it. */
  get problems(): readonly string[] {
    return this.#problems
  }

  /** The newest revision of the configuration all of which the proxy has applied, as far as it concerns the proxy. */
  get appliedRevision(): number {
    const isWaiting = this.subscriptions.hasChanges || this.subscriptions.hasRefused || this.#isInboundDue
    const isCurrent = !isWaiting && this.#sequence > 0n && this.#applied === this.#sequence
    return isCurrent ? this.#options.revision() : this.#appliedRevision
  }

  /** To be called before there is something new to tell: what is applied until then stays so. */
  keepApplied(): void {
    this.#appliedRevision = this.appliedRevision
  }

  get ended(): StreamEnd | undefined {
    return this.#end
  }

  /** How long the proxy has not taken the message that is handed over to it; 0 when it took all. */
  get unreadMs(): number {
    return this.#handedOverUs === undefined ? 0 : (this.#options.clock.monotonicUs() - this.#handedOverUs) / 1000
  }

  /** Sends the trust bundle if it is different from the one that was sent. */
  trustChanged(): void {
    this.#wakeUp.call()
  }

  /** Sends what concerns the own workload if it is different from what was sent. */
  inboundChanged(): void {
    this.#isInboundDue = true
    this.#wakeUp.call()
  }

  /** Puts a question to the proxy with the next message. */
  ask(query: DecisionQuery): void {
    this.#queries.set(query.queryId, query)
    this.#wakeUp.call()
  }

  /** The answer is not wanted any more. */
  withdraw(queryId: string): void {
    this.#queries.delete(queryId)
  }

  /** Lets {@link messages} return. */
  end(why: StreamEnd): void {
    this.#end ??= why
    this.#wakeUp.call()
  }

  /** @param problems - empty when the proxy applied the message */
  acknowledge(sequence: bigint, problems: readonly string[]): void {
    if (sequence <= 0n || sequence > this.#sequence) return
    if (problems.length > 0) {
      this.#problems = problems
      this.subscriptions.refused(sequence)
      return
    }
    if (sequence > this.#applied) this.#applied = sequence
    this.subscriptions.applied(sequence)
    // What it refused before and was not sent since is still refused.
    if (this.subscriptions.hasRefused) return
    this.#problems = problems
    this.#revisionApplied(sequence)
  }

  /**
   * What to write, until the stream is ended. The first message comes at once. The next is made only when the one
   * before was taken, so a slow reader gets fewer messages, each with the newest state.
   */
  async *messages(): AsyncGenerator<WatchResponse, void, undefined> {
    while (this.#end === undefined) {
      const message = this.#next()
      if (message !== undefined) {
        this.#handedOverUs = this.#options.clock.monotonicUs()
        yield message
        this.#handedOverUs = undefined
        continue
      }
      const outcome = await this.#wakeUp.wait(HEARTBEAT_MS)
      if (outcome === 'limit' && this.#end === undefined) yield create(WatchResponseSchema)
    }
  }

  #revisionApplied(upTo: bigint): void {
    for (const [sequence, revision] of this.#revisions) {
      if (sequence > upTo) return
      this.#appliedRevision = Math.max(this.#appliedRevision, revision)
      this.#revisions.delete(sequence)
    }
  }

  #revisionSent(): void {
    this.#revisions.set(this.#sequence, this.#options.revision())
    if (this.#revisions.size <= MAX_UNACKNOWLEDGED) return
    const [oldest] = this.#revisions.keys()
    this.#revisions.delete(oldest!)
  }

  #next(): WatchResponse | undefined {
    const isFirst = this.#sequence === 0n
    const trustBundle = this.#options.trustBundle()
    const inbound = this.#changedInbound()
    const hasNewTrust = trustBundle !== this.#trustBundleSent
    const hasNews = isFirst || hasNewTrust || inbound !== undefined
    if (!hasNews && !this.subscriptions.hasChanges) return this.#questions()
    const updates = this.subscriptions.take(this.#sequence + 1n)
    if (!hasNews && updates.length === 0) return this.#questions()
    this.#sequence += 1n
    this.#revisionSent()
    this.#trustBundleSent = trustBundle
    return create(WatchResponseSchema, {
      streamId: isFirst ? this.id : '',
      sequence: this.#sequence,
      updates,
      trustBundlePem: hasNewTrust ? trustBundle : '',
      queries: this.#takeQueries(),
      ...(inbound === undefined ? {} : { inbound }),
    })
  }

  /** A message of questions alone has no number: there is nothing to apply. */
  #questions(): WatchResponse | undefined {
    return this.#queries.size === 0 ? undefined : create(WatchResponseSchema, { queries: this.#takeQueries() })
  }

  #takeQueries(): DecisionQuery[] {
    const queries = [...this.#queries.values()]
    this.#queries.clear()
    return queries
  }

  #changedInbound(): Inbound | undefined {
    if (!this.#isInboundDue) return undefined
    this.#isInboundDue = false
    const inbound = this.#options.inbound()
    if (this.#inboundSent !== undefined && equals(InboundSchema, inbound, this.#inboundSent)) return undefined
    this.#inboundSent = inbound
    return inbound
  }
}
