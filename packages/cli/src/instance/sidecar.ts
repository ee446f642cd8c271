import { Backoff } from '@heddle/base/backoff'
import type { Clock } from '@heddle/base/clock'
import { CliError, messageOf } from '../cli-error.ts'
import { type Child, describeExit, type ExitStatus, startChild } from '../process/child.ts'
import type { LogFile } from '../process/log-file.ts'
import { readableLines } from '../process/readable-lines.ts'
import type { Place, Runtime } from '../site/site.ts'
import { type ControlAccess, type ProxyEnvironmentInput, proxyEnvironment } from './proxy-environment.ts'
import { type ListeningEvent, parseProxyEvent } from './proxy-event.ts'

/** What keeps track of processes, so that a crash of ours leaves none unknown. */
export interface ProcessRecord {
  addProcess(process: { readonly role: string; readonly pid: number; readonly startTime: string }): Promise<void>
  removeProcess(process: { readonly pid: number }): Promise<void>
}

export interface SidecarOptions extends Omit<ProxyEnvironmentInput, 'control'> {
  readonly control: Omit<ControlAccess, 'trustBundleFile' | 'joinTokenFile'>
  readonly place: Place
  readonly runtime: Runtime
  /** A fresh join token for each start of the proxy. */
  mintToken(): Promise<string>
  readonly output: LogFile
  readonly record: ProcessRecord
  readonly clock: Clock
  /** Gets one sentence about each thing a person should know. */
  report(line: string): void
}

const LISTEN_MS = 15_000
const LAST_WORDS_MS = 50
const READY_MS = 30_000
/** Kept for longer than any proxy drains: HEDDLE_DRAIN_DELAY_MS and HEDDLE_DRAIN_MS are at most 10 minutes each. */
const DRAIN_MARGIN_MS = 3_000
const BACKOFF = { firstMs: 200, lastMs: 10_000, jitter: 0.5 }

/**
 * The proxy beside one application. When it dies it is started again, on the same ports and with a fresh token, while the
 * application goes on.
 */
export class Sidecar {
  readonly #options: SidecarOptions
  readonly #name: string
  readonly #backoff = new Backoff(BACKOFF)
  readonly #ended = new AbortController()
  #child: Child | undefined
  #listening: ListeningEvent | undefined
  #supervision: Promise<void> = Promise.resolve()
  #restarts = 0

  constructor(options: SidecarOptions) {
    this.#options = options
    this.#name = `proxy of ${options.identity.instance}`
  }

  /** How often it was started again. */
  get restarts(): number {
    return this.#restarts
  }

  /** Process id of the running proxy. */
  get pid(): number | undefined {
    return this.#child?.exit === undefined ? this.#child?.identity.pid : undefined
  }

  /**
   * Starts the proxy.
   *
   * @returns where it listens, and `ready`, which resolves once the mesh knows it
   * @throws {CliError} when it ends instead, or takes too long
   */
  async start(signal: AbortSignal): Promise<{ listening: ListeningEvent; ready: Promise<void> }> {
    const start = await this.#startOnce(signal)
    const listening = await start.listening
    this.#listening = listening
    this.#supervision = this.#supervise(start.child)
    return { listening, ready: start.ready }
  }

  /** Drains and ends the proxy; at once when `hurry` is aborted. */
  async stop(hurry: AbortSignal): Promise<void> {
    this.#ended.abort()
    const child = this.#child
    if (child !== undefined) {
      await child.stop(this.#drainMs() + DRAIN_MARGIN_MS, this.#options.clock, hurry)
      await this.#forget(child)
    }
    await this.#supervision
  }

  #drainMs(): number {
    const { overrides } = this.#options
    return Number(overrides.HEDDLE_DRAIN_DELAY_MS || 1_000) + Number(overrides.HEDDLE_DRAIN_MS || 5_000)
  }

  async #supervise(first: Child): Promise<void> {
    const { clock, report } = this.#options
    let child: Child | undefined = first
    while (!this.#ended.signal.aborted) {
      const exit = child === undefined ? undefined : await child.exited
      if (child !== undefined) await this.#forget(child)
      if (this.#ended.signal.aborted) return
      const waitMs = this.#backoff.nextMs()
      if (exit !== undefined) report(`${this.#name} ${describeExit(exit)}; starting it again`)
      await clock.sleep(waitMs, this.#ended.signal)
      if (this.#ended.signal.aborted) return
      child = await this.#restart()
    }
  }

  async #restart(): Promise<Child | undefined> {
    this.#restarts += 1
    try {
      const start = await this.#startOnce(this.#ended.signal)
      start.ready.then(
        () => this.#recovered(),
        () => start.child.killGroup(),
      )
      await start.listening
      return start.child
    } catch (error) {
      if (!this.#ended.signal.aborted) this.#options.report(`${this.#name}: ${messageOf(error)}`)
      return this.#child?.exit === undefined ? this.#child : undefined
    }
  }

  #recovered(): void {
    this.#backoff.reset()
    this.#options.report(`${this.#name} is back`)
  }

  async #startOnce(signal: AbortSignal): Promise<Start> {
    const { place, runtime, identity, mintToken, output, record } = this.#options
    const secret = `${identity.namespace}.${identity.instance}`
    const joinTokenFile = await runtime.writeSecret(secret, await mintToken())
    const events = new EventWaiter(this.#options.clock, signal)
    const child = await startChild({
      command: place.proxyCommand(runtime.proxyCommand),
      env: this.#environment(joinTokenFile),
      cwd: '/',
      output: (chunk) => output.write(chunk),
      onLine: (line) => events.take(line),
      stdin: 'lifeline',
    })
    this.#child = child
    await record.addProcess({ role: this.#name, ...child.identity })
    const ended = child.exited.then((exit) => this.#explainExit(exit))
    const late = (what: string, ms: number) => this.#explain(`${this.#name} is not ${what} after ${ms / 1000} s`)
    const ready = events.wait('ready', { ended, deadlineMs: READY_MS, late: () => late('ready', READY_MS) })
    // The token was used, or is of no use any more.
    const used = ready.then(() => {}).finally(() => runtime.removeSecret(secret))
    used.catch(() => {})
    const listening = events.wait('listening', {
      ended,
      deadlineMs: LISTEN_MS,
      late: () => late('listening', LISTEN_MS),
    })
    listening.catch(() => child.killGroup())
    return { child, listening, ready: used }
  }

  #environment(joinTokenFile: string): Readonly<Record<string, string>> {
    const { control, runtime, ports, upstreams, adminAddress } = this.#options
    const known = this.#listening
    return proxyEnvironment({
      ...this.#options,
      control: { ...control, trustBundleFile: runtime.trustBundleFile, joinTokenFile },
      // The application knows these addresses by now, so a proxy in place of another takes the same ones.
      ports: ports.map((port) => ({
        ...port,
        ...listenOf(known?.ports.find((one) => one.port === port.port)?.listen),
      })),
      upstreams: upstreams.map((one) => ({
        ...one,
        ...listenOf(known?.outbound.find((other) => other.key === one.key)?.address),
      })),
      ...adminOf(known?.admin ?? adminAddress),
    })
  }

  async #explainExit(exit: ExitStatus): Promise<CliError> {
    // Its last words may still be on their way through the pipe.
    await this.#options.clock.sleep(LAST_WORDS_MS)
    return this.#explain(`${this.#name} ${describeExit(exit)} before it was ready`)
  }

  #explain(message: string): CliError {
    const { output } = this.#options
    return new CliError(message, { hints: [...readableLines(output.tail()), `all of its log: ${output.path}`] })
  }

  async #forget(child: Child): Promise<void> {
    await this.#options.record.removeProcess(child.identity).catch(() => {})
    if (this.#child === child) this.#child = undefined
  }
}

interface Start {
  readonly child: Child
  readonly listening: Promise<ListeningEvent>
  readonly ready: Promise<void>
}

const listenOf = (listen: string | undefined) => (listen === undefined ? {} : { listen })
const adminOf = (adminAddress: string | undefined) => (adminAddress === undefined ? {} : { adminAddress })

interface WaitOptions {
  /** Resolves with why the wait is in vain. */
  readonly ended: Promise<CliError>
  readonly deadlineMs: number
  late(): CliError
}

interface Events {
  readonly listening: ListeningEvent
  readonly ready: { readonly event: 'ready' }
}

/** Lets others wait for the events of one proxy. */
class EventWaiter {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #resolvers = {
    listening: Promise.withResolvers<ListeningEvent>(),
    ready: Promise.withResolvers<Events['ready']>(),
  }

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock
    this.#signal = signal
  }

  take(line: string): void {
    const event = parseProxyEvent(line)
    if (event?.event === 'listening') this.#resolvers.listening.resolve(event)
    if (event?.event === 'ready') this.#resolvers.ready.resolve(event)
  }

  async wait<K extends keyof Events>(kind: K, { ended, deadlineMs, late }: WaitOptions): Promise<Events[K]> {
    const done = new AbortController()
    const deadline = this.#clock.sleep(deadlineMs, AbortSignal.any([done.signal, this.#signal])).then(late)
    const came = this.#resolvers[kind].promise as Promise<Events[K]>
    try {
      const first = await Promise.race([came, ended, deadline])
      if (first instanceof CliError) throw this.#signal.aborted ? new CliError('interrupted') : first
      return first
    } finally {
      done.abort()
    }
  }
}
