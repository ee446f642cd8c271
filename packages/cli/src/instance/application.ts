import { Backoff } from '@heddle/base/backoff'
import type { Clock } from '@heddle/base/clock'
import { messageOf } from '@heddle/base/message-of'
import { type Child, describeExit, type ExitStatus, startChild } from '../process/child.ts'
import type { LogFile } from '../process/log-file.ts'
import { type ProcessRecord, recordProcess } from '../process/process-record.ts'

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never'

export interface ApplicationOptions {
  /** For people: `voting-0`. */
  readonly name: string
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly restartPolicy: RestartPolicy
  readonly terminationGraceMs: number
  readonly output: LogFile
  readonly record: ProcessRecord
  readonly clock: Clock
  report(line: string): void
}

const BACKOFF = { firstMs: 500, lastMs: 30_000, jitter: 0.5 }
/** One that ran for so long had started well; its next crash is a new one. */
const GOOD_RUN_MS = 10_000

/** Whether an application that ended is to be started again. */
export function mayRestart(policy: RestartPolicy, exit: ExitStatus): boolean {
  switch (policy) {
    case 'Always':
      return true
    case 'OnFailure':
      return exit.code !== 0
    case 'Never':
      return false
  }
}

/** A program of the user, started again when it ends as its restart policy says. */
export class Application {
  readonly #options: ApplicationOptions
  readonly #backoff = new Backoff(BACKOFF)
  readonly #ended = new AbortController()
  #child: Child | undefined
  #restarts = 0
  #supervision: Promise<void> = Promise.resolve()
  #stopped: Promise<void> | undefined
  #state: 'running' | 'waiting' | 'completed' | 'failed' = 'waiting'

  constructor(options: ApplicationOptions) {
    this.#options = options
  }

  /** `waiting`: it crashed and will be started again; `completed` and `failed`: it will not. */
  get state(): 'running' | 'waiting' | 'completed' | 'failed' {
    return this.#state
  }

  get restarts(): number {
    return this.#restarts
  }

  get pid(): number | undefined {
    return this.#child?.identity.pid
  }

  /** @throws {CliError} when the program cannot be started at all */
  async start(): Promise<void> {
    const child = await this.#startOnce()
    this.#supervision = this.#supervise(child)
  }

  /** SIGTERM, then SIGKILL after the grace period or when `hurry` is aborted. Safe more than once; the first call decides. */
  stop(hurry: AbortSignal): Promise<void> {
    this.#stopped ??= this.#stop(hurry)
    return this.#stopped
  }

  async #stop(hurry: AbortSignal): Promise<void> {
    this.#ended.abort()
    await this.#child?.stop(this.#options.terminationGraceMs, this.#options.clock, hurry)
    await this.#supervision
  }

  async #supervise(first: Child): Promise<void> {
    const { clock, name, report, restartPolicy } = this.#options
    let child: Child | undefined = first
    let startedMs = clock.nowMs()
    for (;;) {
      const exit: ExitStatus = child === undefined ? { code: 127, signal: undefined } : await child.exited
      if (child !== undefined) await this.#forget(child)
      if (this.#ended.signal.aborted) return
      if (!mayRestart(restartPolicy, exit)) return this.#finish(exit)
      if (clock.nowMs() - startedMs > GOOD_RUN_MS) this.#backoff.reset()
      const waitMs = this.#backoff.nextMs()
      this.#state = 'waiting'
      if (child !== undefined) report(`${name} ${describeExit(exit)}; starting it again in ${Math.ceil(waitMs)} ms`)
      await clock.sleep(waitMs, this.#ended.signal)
      if (this.#ended.signal.aborted) return
      this.#restarts += 1
      startedMs = clock.nowMs()
      child = await this.#startOnce().catch((error: unknown) => void report(`${name}: ${messageOf(error)}`))
    }
  }

  #finish(exit: ExitStatus): void {
    this.#state = exit.code === 0 ? 'completed' : 'failed'
    this.#options.report(`${this.#options.name} ${describeExit(exit)}`)
  }

  async #startOnce(): Promise<Child> {
    const { name, command, env, cwd, output } = this.#options
    const write = (chunk: Buffer): void => output.write(chunk)
    const child = await startChild({ command, env, cwd, output: write, stdin: 'none' })
    this.#child = child
    this.#state = 'running'
    await recordProcess(this.#options, { role: name, ...child.identity })
    return child
  }

  async #forget(child: Child): Promise<void> {
    // What it has started itself must not hold ports that its successor needs.
    child.killGroup()
    if (this.#child === child) this.#child = undefined
    await this.#options.record.removeProcess(child.identity).catch(() => {})
  }
}
