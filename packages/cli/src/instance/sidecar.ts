import { Backoff } from '@heddle/base/backoff'
import type { Clock } from '@heddle/base/clock'
import { messageOf } from '@heddle/base/message-of'
import { CliError } from '../cli-error.ts'
import { type Child, describeExit, type ExitStatus, startChild } from '../process/child.ts'
import type { LogFile } from '../process/log-file.ts'
import { readableLines } from '../process/readable-lines.ts'
import type { Place, Runtime } from '../site/site.ts'
import { EventWaiter, type WaitOptions } from './event-waiter.ts'
import { JoinToken } from './join-token.ts'
import { type ControlAccess, type ProxyEnvironmentInput, proxyEnvironment } from './proxy-environment.ts'
import type { ListeningEvent } from './proxy-event.ts'

/** What keeps track of processes, so that a crash of ours leaves none unknown. */
export interface ProcessRecord {
  addProcess(process: { readonly role: string; readonly pid: number; readonly startTime: string }): Promise<void>
  removeProcess(process: { readonly pid: number }): Promise<void>
}

export interface SidecarOptions extends Omit<ProxyEnvironmentInput, 'control'> {
  readonly control: Omit<ControlAccess, 'trustBundleFile' | 'joinTokenFile'>
  readonly place: Place
  readonly runtime: Runtime
  /** A fresh join token, for each start of the proxy and when its certificate has expired. */
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
  readonly #token: JoinToken
  readonly #backoff = new Backoff(BACKOFF)
  readonly #ended = new AbortController()
  #child: Child | undefined
  #listening: ListeningEvent | undefined
  #supervision: Promise<void> = Promise.resolve()
  #restarts = 0

  constructor(options: SidecarOptions) {
    this.#options = options
    const { namespace, instance } = options.identity
    this.#name = `proxy of ${instance}`
    this.#token = new JoinToken({
      ...options,
      name: `${namespace}.${instance}`,
      mintToken: () => options.mintToken(),
      report: (line) => options.report(`${this.#name}: ${line}`),
    })
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
    await this.#token.remove()
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
        (error: unknown) => {
          this.#complain(error)
          start.child.killGroup()
        },
      )
      await start.listening
      return start.child
    } catch (error) {
      this.#complain(error)
      return this.#child?.exit === undefined ? this.#child : undefined
    }
  }

  #complain(error: unknown): void {
    if (!this.#ended.signal.aborted) this.#options.report(`${this.#name}: ${messageOf(error)}`)
  }

  #recovered(): void {
    this.#backoff.reset()
    this.#options.report(`${this.#name} is back`)
  }

  async #startOnce(signal: AbortSignal): Promise<Start> {
    const { place, runtime, output, record, clock } = this.#options
    const refusal = Promise.withResolvers<CliError>()
    let isJoined = false
    const events = new EventWaiter({
      clock,
      signal,
      onTokenWanted: (reason) => {
        if (isJoined) this.#token.renew(reason)
        else refusal.resolve(this.#explainRefusal(reason))
      },
    })
    const child = await startChild({
      command: place.proxyCommand(runtime.proxyCommand),
      env: this.#environment(await this.#token.write()),
      cwd: '/',
      output: (chunk) => output.write(chunk),
      onLine: (line) => events.take(line),
      stdin: 'lifeline',
    })
    this.#child = child
    await record.addProcess({ role: this.#name, ...child.identity })
    const inVain = Promise.race([refusal.promise, child.exited.then((exit) => this.#explainExit(exit))])
    const ready = this.#awaitReady(events, inVain).then(() => {
      isJoined = true
    })
    ready.catch(() => {})
    const listening = events.wait('listening', this.#patience('listening', LISTEN_MS, inVain))
    listening.catch(() => child.killGroup())
    return { child, listening, ready }
  }

  async #awaitReady(events: EventWaiter, inVain: Promise<CliError>): Promise<void> {
    try {
      await events.wait('ready', this.#patience('ready', READY_MS, inVain))
    } finally {
      // The token was used, or is of no use any more.
      await this.#token.remove()
    }
  }

  #patience(what: string, deadlineMs: number, inVain: Promise<CliError>): WaitOptions {
    const late = () => this.#explain(`${this.#name} is not ${what} after ${deadlineMs / 1000} s`)
    return { inVain, deadlineMs, late }
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

  /** Final: trying again with the same token would be refused again. */
  #explainRefusal(reason: string): CliError {
    const { namespace, serviceAccount } = this.#options.identity
    return new CliError(`the control plane refuses the join token of ${this.#options.identity.instance}: ${reason}`, {
      hints: [
        'unless it was made reusable, a token joins one process, once; and each for a limited time',
        `make one on the host of the control plane: heddle token create -n ${namespace} -s ${serviceAccount}`,
      ],
    })
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
