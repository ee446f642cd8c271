import type { LocalityJson, NodeJson, ServiceJson, WatchResponseJson } from '@heddle/api/discovery'
import { Backoff } from '@heddle/base/backoff'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import { messageOf } from '@heddle/base/message-of'
import type { Locality } from '@heddle/engine/balance/locality'
import { readPemCertificates } from '@heddle/identity/certificate'
import type { Counter, Registry } from '@heddle/telemetry/registry'
import type { ControlClient } from '../control/control-client.ts'
import { WATCH } from '../control/rpc.ts'
import { type FindRecords, QueryAnswers } from '../records/answer-queries.ts'
import { LaterCode } from '../routing/later-code.ts'
import type { Destination, DestinationSource } from '../workload.ts'
import { DestinationTable } from './destination-table.ts'
import { InboundPorts } from './inbound-ports.ts'
import { OpenStream, type WorkloadState } from './open-stream.ts'

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
const STATE_RETRY_MS = 1_000

/**
 * Keeps the one stream of the workload open: registers the instance by it, asks for destinations when the data path first
 * wants them, and keeps what it knows while the control plane is away.
 */
export class DiscoveryClient implements DestinationSource {
  readonly inbound = new InboundPorts()
  readonly #here: { region: string; zone: string }
  readonly table: DestinationTable
  readonly #deps: DiscoveryDeps
  readonly #counters: DiscoveryCounters
  readonly #ready = Promise.withResolvers<void>()
  #isReady = false
  #stream: OpenStream | undefined
  /** Ends the present attempt; the next one begins at once. */
  #restart = new AbortController()
  #state: WorkloadState
  #isTellingState = false
  #told: WorkloadState['state'] | undefined
  readonly #later = new LaterCode()
  readonly #answers: QueryAnswers
  /** Messages that wait for what they need to be understood, and those behind them. */
  #waiting: Promise<void> | undefined

  constructor(deps: DiscoveryDeps, options: DiscoveryOptions) {
    this.#deps = deps
    this.#answers = new QueryAnswers({ control: deps.control, log: deps.log, find: deps.records })
    this.#state = options.state
    this.#here = { region: '', zone: '', ...options.here }
    this.table = new DestinationTable({
      clock: deps.clock,
      beforeDiscovery: options.beforeDiscovery,
      timeoutMs: options.timeoutMs,
      want: (key) => this.#stream?.add(key),
      letGo: (key) => this.#stream?.remove(key),
    })
    for (const key of options.prepared) this.table.prepare(key)
    this.#counters = createCounters(deps.registry, this)
  }

  /** Resolves when the first message of the control plane was applied. */
  get ready(): Promise<void> {
    return this.#ready.promise
  }

  /** Where the instance is: one value for good, whose parts become what the control plane says. */
  get here(): Locality {
    return this.#here
  }

  get isReady(): boolean {
    return this.#isReady
  }

  get isConnected(): boolean {
    return this.#stream !== undefined
  }

  get state(): WorkloadState {
    return this.#state
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
    if (this.#state.state === 'draining') return
    this.#state = state
    this.#tellState()
  }

  /**
   * Says that the instance is going, so that others stop choosing it. The stream is not opened again afterwards.
   *
   * @throws {ControlError} when the control plane could not be told; others notice when the connection ends
   */
  async drain(): Promise<void> {
    this.#state = { state: 'draining', reason: 'the proxy is shutting down' }
    await this.#stream?.setState(this.#state)
  }

  /** Keeps the stream open until `signal` is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#deps
    const backoff = new Backoff(RETRY, random)
    const sweeping = this.#sweepForever(signal)
    while (!signal.aborted && this.#state.state !== 'draining') {
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
    const told = this.#state.state
    const request = { node: node(), subscriptions: this.table.subscriptions(), healthy: told === 'ready' }
    try {
      await control.stream(WATCH, request, {
        signal,
        silenceMs: SILENCE_MS,
        onMessage: (message) => this.#receive(message, told),
      })
      log.info('control plane ended the discovery stream')
    } catch (error) {
      if (!signal.aborted) log.warn('discovery stream broke', { error: String(error), failures: failures + 1 })
    } finally {
      this.#stream = undefined
    }
  }

  #receive(message: WatchResponseJson, told: WorkloadState['state']): void {
    const { streamId = '', sequence = '0', queries = [] } = message
    if (streamId !== '') this.#opened(streamId, told)
    if (queries.length > 0 && this.#stream !== undefined) this.#answers.answer(this.#stream.streamId, queries)
    if (sequence === '0') return
    const isReady = this.#waiting === undefined && this.#later.isReadyFor(servicesOf(message))
    if (!isReady) this.#takeLater(message, this.#stream)
    else this.#take(message, this.#stream)
  }

  /** In their order, once what they need was loaded. */
  #takeLater(message: WatchResponseJson, stream: OpenStream | undefined): void {
    const before = this.#waiting ?? Promise.resolve()
    const taking = before
      .then(() => this.#later.loadFor(servicesOf(message)))
      .catch((error: unknown) =>
        this.#deps.log.error('no code for what is attached to Services', { error: String(error) }),
      )
      .then(() => {
        if (this.#waiting === taking) this.#waiting = undefined
        this.#take(message, stream)
      })
    this.#waiting = taking
  }

  /** Applies a message and says so to the stream on which it came. */
  #take(message: WatchResponseJson, stream: OpenStream | undefined): void {
    const { sequence = '0' } = message
    const problems = this.#apply(message)
    this.#counters.messages.add()
    stream?.acknowledge(sequence, problems)
    if (problems.length === 0) {
      this.#isReady = true
      this.#ready.resolve()
      return
    }
    this.#counters.refused.add()
    this.#deps.log.error('message of the control plane refused', { sequence, problems })
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
    this.#told = told
    this.#tellState()
  }

  /** Applies all of it or nothing. */
  #apply(message: WatchResponseJson): readonly string[] {
    const { updates = [], trustBundlePem = '', inbound } = message
    const trustProblem = trustBundlePem === '' ? undefined : problemOfBundle(trustBundlePem)
    if (trustProblem !== undefined) return [trustProblem]
    // First, so that what comes with it is already weighed from there.
    this.#isAt(inbound?.locality)
    const { problems } = this.table.apply(updates, this.#later.loaded)
    if (problems.length > 0) return problems
    if (inbound !== undefined) this.inbound.replace(inbound)
    if (trustBundlePem !== '') this.#deps.onTrust(trustBundlePem)
    return []
  }

  #isAt({ region = '', zone = '' }: LocalityJson = {}): void {
    if (region === '' && zone === '') return
    this.#here.region = region
    this.#here.zone = zone
  }

  #tellState(): void {
    if (this.#isTellingState) return
    this.#isTellingState = true
    void this.#tellStateUntilTold()
  }

  async #tellStateUntilTold(): Promise<void> {
    const { clock, log } = this.#deps
    while (this.#stream !== undefined && this.#told !== this.#state.state && this.#state.state !== 'draining') {
      const stream = this.#stream
      const state = this.#state
      try {
        await stream.setState(state)
        if (this.#stream === stream) this.#told = state.state
      } catch (error) {
        log.debug('state not told', { error: String(error) })
        await clock.sleep(STATE_RETRY_MS)
      }
    }
    this.#isTellingState = false
  }

  async #sweepForever(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#deps.clock.sleep(SWEEP_MS, signal)
      this.table.sweep()
    }
  }
}

function servicesOf({ updates = [] }: WatchResponseJson): readonly ServiceJson[] {
  return updates.flatMap(({ destination }) => destination?.service ?? [])
}

function problemOfBundle(pem: string): string | undefined {
  try {
    readPemCertificates(pem)
    return undefined
  } catch (error) {
    return `trust bundle: ${messageOf(error)}`
  }
}

interface DiscoveryCounters {
  readonly connections: Counter
  readonly messages: Counter
  readonly refused: Counter
}

function createCounters(registry: Registry, client: DiscoveryClient): DiscoveryCounters {
  registry.gauge('heddle_discovery_connected', 'Whether the stream of the control plane is open', () =>
    client.isConnected ? 1 : 0,
  )
  registry.gauge('heddle_discovery_destinations', 'Destinations that are asked for', () => client.table.size)
  return {
    connections: registry.counter('heddle_discovery_connections_total', 'Times that the stream was opened'),
    messages: registry.counter('heddle_discovery_messages_total', 'Messages of the control plane that had content'),
    refused: registry.counter('heddle_discovery_refused_total', 'Messages of which nothing was applied'),
  }
}
