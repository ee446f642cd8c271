import { randomUUID } from 'node:crypto'
import { Code, ConnectError } from '@connectrpc/connect'
import type { Node, Subscription } from '@heddle/api/discovery'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { repeatEvery } from '@heddle/base/repeat-every'
import { formatClient, parseClient } from '../model/client.ts'
import type { InstanceState } from '../model/instance.ts'
import type { Model } from '../model/model.ts'
import { inboundTopic } from '../model/topic.ts'
import { deltaOf } from '../translate/delta.ts'
import { translateDestination } from '../translate/destination.ts'
import { translateInbound } from '../translate/inbound.ts'
import { briefProblems } from './brief.ts'
import { DecisionQueries } from './decision-queries.ts'
import { DiscoveryStream, type StreamEnd } from './discovery-stream.ts'
import { GatheredChanges } from './gathered-changes.ts'
import type { InstanceClaims } from './instance-claims.ts'
import { type SaidState, toInstanceHealth } from './instance-health.ts'
import { MissingKeys } from './missing-keys.ts'
import { ResolvedKeys } from './resolved-keys.ts'
import { findOwn, requireFree, requireOwn, requireRoom } from './stream-access.ts'
import { type OpenStream, type StreamCaller, StreamTable } from './stream-table.ts'
import { TooManySubscriptionsError } from './subscriptions.ts'

/** What one proxy, or all of one identity, may ask for. */
export interface DiscoveryLimits {
  readonly subscriptionsPerStream: number
  readonly streamsPerIdentity: number
  /** Of destinations that do not exist; further ones are answered, but not followed. Each costs 1.4 KB. */
  readonly missingPerIdentity: number
}

const DEFAULT_DISCOVERY_LIMITS: DiscoveryLimits = {
  subscriptionsPerStream: 4_096,
  streamsPerIdentity: 1_024,
  missingPerIdentity: 1_024,
}

export interface DiscoveryHubOptions {
  readonly model: Model
  readonly clock: Clock
  readonly log: Log
  readonly trustDomain: string
  /** PEM of what to trust at present. */
  readonly trustBundle: () => string
  readonly claims: InstanceClaims
  readonly limits?: Partial<DiscoveryLimits>
}

/** What a proxy asks for when it opens its stream. */
export interface OpenRequest {
  readonly node: Node
  readonly subscriptions: readonly Subscription[]
  readonly healthy: boolean
}

const SWEEP_MS = 10_000
/** A proxy that does not take a message for so long is cut off. */
const STUCK_MS = 60_000

/** All streams of proxies: gives each what it asked for, and what of it changes. */
export class DiscoveryHub {
  readonly #options: DiscoveryHubOptions
  readonly #limits: DiscoveryLimits
  readonly #keys: ResolvedKeys
  readonly #streams = new StreamTable()
  readonly #missingOf = new Map<string, MissingKeys>()
  #unfollowed = 0
  /** Questions to the proxies. */
  readonly questions: DecisionQueries
  readonly #changes: GatheredChanges

  /** @param signal - ends timers and the interest in the model; streams are ended by {@link stop} */
  constructor(options: DiscoveryHubOptions, signal: AbortSignal) {
    const { model, clock, trustDomain } = options
    this.#options = options
    this.#limits = { ...DEFAULT_DISCOVERY_LIMITS, ...options.limits }
    this.questions = new DecisionQueries(clock)
    this.#keys = new ResolvedKeys({
      resolve: (key, clients) => translateDestination(model.resolve(key, parseClient(clients)), { trustDomain }),
      clientsLike: (clients, key) => formatClient(model.clientsLike(parseClient(clients), key)),
      deltaOf,
    })
    this.#changes = new GatheredChanges({ model, clock, due: () => this.#flush(), signal })
    repeatEvery(SWEEP_MS, () => this.#sweep(), { clock, signal })
  }

  /** How many streams are open. */
  get streamCount(): number {
    return this.#streams.size
  }

  /** How many destinations are asked for by anyone. */
  get keyCount(): number {
    return this.#keys.size
  }

  /** How often a destination that does not exist was answered and not followed, since there were too many. */
  get unfollowedCount(): number {
    return this.#unfollowed
  }

  /** The newest revision of the configuration whose changes the streams know of. */
  get revision(): number {
    return this.#changes.revision
  }

  /** Open streams that hold a destination whose meaning changes with one of the topics. */
  streamsOf(topics: Iterable<string>): DiscoveryStream[] {
    const keys = [...this.#keys.keysOf(topics)]
    if (keys.length === 0) return []
    return [...this.streams()].filter(({ subscriptions }) => keys.some((key) => subscriptions.has(key)))
  }

  /** Open streams, in no order. */
  *streams(): Iterable<DiscoveryStream> {
    for (const { stream } of this.#streams.all()) yield stream
  }

  /**
   * Registers the instance and opens its stream. An older stream of the same instance ends.
   *
   * @throws {ConnectError} permissionDenied: the certificate is another's; resourceExhausted: too many streams or
   *   subscriptions; alreadyExists, failedPrecondition: the instance cannot be registered, and why
   */
  open(request: OpenRequest, caller: StreamCaller): DiscoveryStream {
    const { node } = request
    requireOwn(caller, node)
    const id = randomUUID()
    const earlier = this.#streams.ofInstance(node)
    requireFree(node, this.#options.model.inbound(node).instance)
    const others = this.#streams.countOf(caller.spiffeId) - (earlier?.caller.spiffeId === caller.spiffeId ? 1 : 0)
    requireRoom(caller, others, this.#limits.streamsPerIdentity)
    const opened: OpenStream = { stream: this.#createStream(id, node, caller), caller, isDraining: false }
    try {
      this.#subscribe(opened.stream, request.subscriptions)
      this.#register(opened, request.healthy)
    } catch (error) {
      this.#forget(opened)
      throw error
    }
    this.#streams.add(opened)
    if (earlier !== undefined) this.close(earlier.stream, 'replaced')
    this.#options.claims.assert(node)
    this.#options.log.info('proxy connected', { ...logFields(node), stream: id, holds: request.subscriptions.length })
    return opened.stream
  }

  /** @throws {ConnectError} notFound: no such stream, as after a restart of the control plane; permissionDenied */
  stream(id: string, caller: StreamCaller): DiscoveryStream {
    return findOwn(id, caller, this.#streams).stream
  }

  /** Adds and removes subscriptions; the answers come on the stream. */
  changeSubscriptions(stream: DiscoveryStream, add: readonly Subscription[], remove: readonly string[]): void {
    for (const key of remove) stream.subscriptions.remove(key)
    this.#subscribe(stream, add)
  }

  /** @param problems - why the proxy kept what it had; empty when it applied the message */
  acknowledge(stream: DiscoveryStream, sequence: bigint, problems: readonly string[]): void {
    const brief = briefProblems(problems)
    stream.acknowledge(sequence, brief)
    if (brief.length === 0) return
    this.#options.log.warn('proxy refused an update', { ...logFields(stream.node), sequence, problems: brief })
  }

  /** Takes over what a proxy says of its workload; draining counts at once. */
  setState(id: string, caller: StreamCaller, said: SaidState): void {
    const opened = findOwn(id, caller, this.#streams)
    const health = toInstanceHealth(said)
    const { node } = opened.stream
    opened.isDraining = health.state === 'draining'
    this.#options.model.setHealth(node, id, health)
    this.#options.log.info('workload state changed', { ...logFields(node), ...health })
    if (opened.isDraining) this.#flush()
  }

  /** Ends a stream; what becomes of the instance depends on why. Safe to call more than once. */
  close(stream: DiscoveryStream, why: StreamEnd): void {
    const opened = this.#streams.remove(stream.id)
    if (opened === undefined) return
    stream.end(why)
    this.#forget(opened)
    this.questions.ended(stream)
    this.#options.log.info('proxy disconnected', { ...logFields(stream.node), stream: stream.id, why })
    if (why === 'stopping') return
    const { model } = this.#options
    if (opened.isDraining) model.removeRegistration(stream.node, stream.id)
    else model.disconnectRegistration(stream.node, stream.id)
  }

  /** To be called when the trust bundle changed. */
  trustChanged(): void {
    for (const stream of this.streams()) stream.trustChanged()
  }

  /** Ends all streams. The instances stay registered: their proxies come back to the next control plane. */
  stop(): void {
    this.#changes.cancel()
    for (const stream of this.streams()) this.close(stream, 'stopping')
  }

  #forget({ stream, caller }: OpenStream): void {
    stream.subscriptions.clear()
    if (this.#streams.countOf(caller.spiffeId) === 0) this.#missingOf.delete(caller.spiffeId)
  }

  #createStream(id: string, node: Node, { spiffeId }: StreamCaller): DiscoveryStream {
    const { model, clock, trustBundle } = this.#options
    const missing = this.#missingOf.get(spiffeId) ?? new MissingKeys(this.#limits.missingPerIdentity)
    this.#missingOf.set(spiffeId, missing)
    return new DiscoveryStream({
      id,
      node,
      clients: formatClient(model.clientOf(node)),
      clock,
      trustBundle,
      keys: this.#keys,
      maxSubscriptions: this.#limits.subscriptionsPerStream,
      missing,
      onUnfollowed: () => {
        this.#unfollowed += 1
      },
      inbound: () => translateInbound(model.inbound(node)),
      revision: () => this.revision,
    })
  }

  #subscribe(stream: DiscoveryStream, subscriptions: readonly Subscription[]): void {
    try {
      for (const subscription of subscriptions) stream.subscriptions.add(subscription)
    } catch (error) {
      if (error instanceof TooManySubscriptionsError) throw new ConnectError(error.message, Code.ResourceExhausted)
      throw error
    }
  }

  #register({ stream }: OpenStream, isHealthy: boolean): void {
    const state: InstanceState = isHealthy ? 'ready' : 'unhealthy'
    const reason = isHealthy ? '' : 'its proxy has not found it healthy yet'
    const result = this.#options.model.applyRegistration({ node: stream.node, owner: stream.id, state, reason })
    if (result.kind === 'accepted') return
    throw new ConnectError(result.reason, Code.FailedPrecondition)
  }

  #flush(): void {
    // What a stream has applied so far is known for as long as nothing new is due.
    for (const stream of this.streams()) stream.keepApplied()
    const topics = this.#changes.take()
    this.#keys.refresh(topics)
    for (const stream of this.streams()) if (topics.has(inboundTopic(stream.node))) this.#instanceChanged(stream)
  }

  /** A pod may have been known before its host was. */
  #instanceChanged(stream: DiscoveryStream): void {
    stream.subscriptions.becomes(formatClient(this.#options.model.clientOf(stream.node)))
    stream.inboundChanged()
  }

  #sweep(): void {
    const nowMs = this.#options.clock.nowMs()
    for (const { stream, caller } of this.#streams.all()) {
      const isStuck = stream.unreadMs >= STUCK_MS
      if (isStuck) this.close(stream, 'stuck')
      else if (nowMs > caller.notAfterMs) this.close(stream, 'certificate expired')
      if (isStuck) caller.cut()
    }
  }
}

function logFields({ namespace, workload, instance }: Node) {
  return { namespace, workload, instance }
}
