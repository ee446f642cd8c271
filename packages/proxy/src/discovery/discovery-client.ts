import type { NodeJson, WatchResponseJson } from '@heddle/api/discovery'
import { Backoff } from '@heddle/base/backoff'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import type { Locality } from '@heddle/engine/balance/locality'
import type { Registry } from '@heddle/telemetry/registry'
import type { ControlClient } from '../control/control-client.ts'
import { ControlError } from '../control/control-error.ts'
import { WATCH } from '../control/rpc.ts'
import type { OnBug } from '../process/bug-log.ts'
import { type FindRecords, QueryAnswers } from '../records/answer-queries.ts'
import type { Destination, DestinationSource } from '../workload.ts'
import { DestinationTable } from './destination-table.ts'
import { createDiscoveryCounters, type DiscoveryCounters } from './discovery-counters.ts'
import { InboundPorts } from './inbound-ports.ts'
import { Inbox } from './inbox.ts'
import { OpenStream, type WorkloadState } from './open-stream.ts'
import { StateTeller } from './state-teller.ts'

/** What discovery needs from outside. */
export interface DiscoveryDeps {
  readonly control: ControlClient
  /** The instance as it is registered; asked at each opening, since ports are known only when they are bound. */
  readonly node: () => NodeJson
  /** A new bundle of what to trust came. */
  readonly onTrust: (trustBundlePem: string) => void
  /** What the control plane may ask of recent requests. */
  readonly records: FindRecords
  readonly clock: Clock
  readonly log: Log
  readonly registry: Registry
  readonly onBug: OnBug
  /** 0 to below 1; `Math.random` unless stated. */
  readonly random?: () => number
}

export interface DiscoveryOptions {
  readonly beforeDiscovery: 'refuse' | 'pass-through'
  /** How long a request waits for an unknown destination. */
  readonly timeoutMs: number
  /** Destinations to ask for from the start. */
  readonly prepared: readonly string[]
  readonly state: WorkloadState
  /** Where the instance is, as far as it knows itself. */
  readonly here?: Locality
}

const RETRY = { firstMs: 100, lastMs: 10_000, jitter: 0.5 }
/** The control plane says something every 10 s at least. */
const SILENCE_MS = 30_000
/** After so long a stream counts as good, and the next break is the first. */
const STABLE_MS = 10_000
const SWEEP_MS = 60_000
const NEW_CERTIFICATE = 'new certificate'

/**
 * Keeps the one stream of the workload open: registers the instance by it, asks for destinations when the data path first
 * wants them, and keeps what it knows while the control plane is away.
 */
export class DiscoveryClient implements DestinationSource {
  readonly inbound = new InboundPorts()
  readonly table: DestinationTable
  /** Where the instance is: one value for good, whose parts become what the control plane says. */
  readonly here: Locality
  readonly #deps: DiscoveryDeps
  readonly #counters: DiscoveryCounters
  readonly #inbox: Inbox
  readonly #teller: StateTeller
  readonly #answers: QueryAnswers
  #stream: OpenStream | undefined
  /** Ends the present attempt; the next one begins at once. */
  #restart = new AbortController()

  constructor(deps: DiscoveryDeps, options: DiscoveryOptions) {
    const { control, clock, log, registry, onBug, onTrust } = deps
    const { beforeDiscovery, timeoutMs, prepared, state } = options
    const here = { region: '', zone: '', ...options.here }
    this.#deps = deps
    this.here = here
    this.#answers = new QueryAnswers({ control, log, find: deps.records })
    this.#teller = new StateTeller({ clock, log, stream: () => this.#stream }, state)
    this.table = new DestinationTable({
      clock,
      beforeDiscovery,
      timeoutMs,
      want: (key) => this.#stream?.add(key),
      letGo: (key) => this.#stream?.remove(key),
    })
    for (const key of prepared) this.table.prepare(key)
    const counters = createDiscoveryCounters(registry, this)
    this.#counters = counters
    this.#inbox = new Inbox({ table: this.table, inbound: this.inbound, here, onTrust, onBug, counters, log })
  }

  /** Resolves when the first message of the control plane was applied. */
  get ready(): Promise<void> {
    return this.#inbox.ready
  }

  get isReady(): boolean {
    return this.#inbox.isReady
  }

  get isConnected(): boolean {
    return this.#stream !== undefined
  }

  get state(): WorkloadState {
    return this.#teller.state
  }

  resolve(key: string): Destination | Promise<Destination> {
    return this.table.resolve(key)
  }

  /** Opens the stream anew, by a connection with the present certificate: streams end with theirs. What is known stays. */
  reconnect(): void {
    this.#restart.abort(NEW_CERTIFICATE)
  }

  /** Tells the control plane how the workload is, now or as soon as it can be reached. */
  report(state: WorkloadState): void {
    this.#teller.report(state)
  }

  /**
   * Says that the instance is going, so that others stop choosing it. The stream is not opened again afterwards.
   *
   * @throws {ControlError} when the control plane could not be told; others notice when the connection ends
   */
  drain(): Promise<void> {
    return this.#teller.drain()
  }

  /** Keeps the stream open until `signal` is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#deps
    const backoff = new Backoff(RETRY, random)
    const sweeping = this.#sweepForever(signal)
    while (!signal.aborted && !this.#teller.isDraining) {
      this.#restart = new AbortController()
      const startMs = clock.nowMs()
      await this.#watch(AbortSignal.any([signal, this.#restart.signal]), backoff.failures)
      // A stream that breaks as soon as it is open must not be opened without end.
      if (clock.nowMs() - startMs >= STABLE_MS) backoff.reset()
      if (this.#restart.signal.reason !== NEW_CERTIFICATE) await clock.sleep(backoff.nextMs(), signal)
    }
    await sweeping
  }

  async #watch(signal: AbortSignal, failures: number): Promise<void> {
    const { control, log, node } = this.#deps
    try {
      const told = this.#teller.state.state
      const request = { node: node(), subscriptions: this.table.subscriptions(), healthy: told === 'ready' }
      await control.stream(WATCH, request, {
        signal,
        silenceMs: SILENCE_MS,
        onMessage: (message) => this.#receive(message, told),
      })
      log.info('control plane ended the discovery stream')
    } catch (error) {
      if (!signal.aborted) this.#broke(error, failures)
    } finally {
      this.#stream = undefined
    }
  }

  #broke(error: unknown, failures: number): void {
    const { log, onBug } = this.#deps
    if (error instanceof ControlError)
      log.warn('discovery stream broke', { error: String(error), failures: failures + 1 })
    else onBug('discovery', error)
  }

  #receive(message: WatchResponseJson, told: WorkloadState['state']): void {
    const { streamId = '', sequence = '0', queries = [] } = message
    if (streamId !== '') this.#opened(streamId, told)
    if (queries.length > 0 && this.#stream !== undefined) this.#answers.answer(this.#stream.streamId, queries)
    if (sequence !== '0') this.#inbox.take(message, this.#stream)
  }

  #opened(streamId: string, told: WorkloadState['state']): void {
    const { control, log } = this.#deps
    log.info('registered at the control plane', { stream: streamId })
    this.#counters.connections.add()
    const stream = new OpenStream({
      control,
      log,
      streamId,
      onBroken: (error) => {
        log.warn('discovery stream is of no use', { error: String(error) })
        if (this.#stream === stream) this.#restart.abort()
      },
    })
    this.#stream = stream
    this.#teller.opened(told)
  }

  async #sweepForever(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#deps.clock.sleep(SWEEP_MS, signal)
      try {
        this.table.sweep()
      } catch (error) {
        this.#deps.onBug('discovery', error)
      }
    }
  }
}
