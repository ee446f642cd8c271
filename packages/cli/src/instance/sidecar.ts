import { Backoff } from '@heddle/base/backoff'
import { messageOf } from '@heddle/base/message-of'
import { type Child, describeExit } from '../process/child.ts'
import { drainTimes } from './drain-times.ts'
import { JoinToken } from './join-token.ts'
import type { ListeningEvent } from './proxy-event.ts'
import { nameOfProxy, type SidecarOptions } from './sidecar-options.ts'
import { type ProxyStart, startProxy } from './start-proxy.ts'

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
    this.#name = nameOfProxy(options)
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
      const { delayMs, drainMs } = drainTimes(this.#options.overrides)
      await child.stop(delayMs + drainMs + DRAIN_MARGIN_MS, this.#options.clock, hurry)
      await this.#forget(child)
    }
    await this.#token.remove()
    await this.#supervision
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

  #startOnce(signal: AbortSignal): Promise<ProxyStart> {
    return startProxy({
      sidecar: this.#options,
      token: this.#token,
      before: this.#listening,
      signal,
      onChild: (child) => {
        this.#child = child
      },
    })
  }

  async #forget(child: Child): Promise<void> {
    await this.#options.record.removeProcess(child.identity).catch(() => {})
    if (this.#child === child) this.#child = undefined
  }
}
