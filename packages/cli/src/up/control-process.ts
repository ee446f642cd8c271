import { Backoff } from '@heddle/base/backoff'
import type { Clock } from '@heddle/base/clock'
import { formatDurationMs } from '@heddle/base/duration'
import { messageOf } from '@heddle/base/message-of'
import { CliError } from '../cli-error.ts'
import { type Child, describeExit, startChild } from '../process/child.ts'
import type { LogFile } from '../process/log-file.ts'
import { type ProcessRecord, recordProcess } from '../process/process-record.ts'
import { readableLines } from '../process/readable-lines.ts'
import { CONTROL_ENTRY } from '../process/repository.ts'

export interface ControlProcessOptions {
  readonly configDirectory: string
  readonly stateDirectory: string
  readonly trustDomain: string
  readonly leafLifeMs: number | undefined
  /** `HOST:PORT` to listen on; the first one is loopback. For port 0 any free one is taken, and kept over restarts. */
  readonly listen: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly output: LogFile
  readonly record: ProcessRecord
  readonly clock: Clock
  report(line: string): void
}

/** What the control plane says of itself once it serves. */
export interface ControlReady {
  /** `HOST:PORT` each, in the order of `listen`. */
  readonly listen: readonly string[]
  readonly trustBundleFile: string
  readonly adminTokenFile: string
  /** SPIFFE id that it proves. */
  readonly identity: string
}

/** On a machine that is busy with other things it takes ten times as long as on an idle one. */
const READY_MS = 60_000
const STOP_MS = 10_000
const LAST_WORDS_MS = 50
const BACKOFF = { firstMs: 200, lastMs: 10_000, jitter: 0.5 }

/** The control plane as a process of its own, started again when it dies; proxies carry on meanwhile. */
export class ControlProcess {
  readonly #options: ControlProcessOptions
  readonly #ended = new AbortController()
  readonly #backoff = new Backoff(BACKOFF)
  #child: Child | undefined
  #listen: readonly string[]
  /** Why it could not be started again the last time. */
  #toldReason: string | undefined
  #supervision: Promise<void> = Promise.resolve()

  constructor(options: ControlProcessOptions) {
    this.#options = options
    this.#listen = options.listen
  }

  /** @throws {CliError} when it ends instead of getting ready, or takes too long */
  async start(signal: AbortSignal): Promise<ControlReady> {
    const { child, ready } = await this.#startOnce(signal)
    const known = await ready
    this.#listen = known.listen
    this.#supervision = this.#supervise(child)
    return known
  }

  async stop(hurry: AbortSignal): Promise<void> {
    this.#ended.abort()
    const child = this.#child
    if (child !== undefined) {
      await child.stop(STOP_MS, this.#options.clock, hurry)
      await this.#options.record.removeProcess(child.identity).catch(() => {})
    }
    await this.#supervision
  }

  async #supervise(first: Child): Promise<void> {
    const { clock, report, record } = this.#options
    let child: Child | undefined = first
    while (!this.#ended.signal.aborted) {
      const exit = child === undefined ? undefined : await child.exited
      if (this.#ended.signal.aborted) return
      if (child !== undefined) await record.removeProcess(child.identity).catch(() => {})
      if (exit !== undefined) report(`the control plane ${describeExit(exit)}; starting it again`)
      await clock.sleep(this.#backoff.nextMs(), this.#ended.signal)
      if (this.#ended.signal.aborted) return
      child = await this.#restart()
    }
  }

  async #restart(): Promise<Child | undefined> {
    try {
      const { child, ready } = await this.#startOnce(this.#ended.signal)
      await ready
      this.#backoff.reset()
      this.#toldReason = undefined
      this.#options.report('the control plane is back')
      return child
    } catch (error) {
      if (!this.#ended.signal.aborted) this.#tellFailure(messageOf(error))
      return undefined
    }
  }

  /** It is tried again every few seconds, mostly in vain for the same reason. */
  #tellFailure(failure: string): void {
    const { output, report } = this.#options
    const reason = readableLines(output.tail()).at(-1)
    const isNew = reason !== undefined && reason !== this.#toldReason
    this.#toldReason = reason
    report(isNew ? `${failure}: ${reason}` : failure)
  }

  async #startOnce(signal: AbortSignal): Promise<{ child: Child; ready: Promise<ControlReady> }> {
    const { configDirectory, stateDirectory, trustDomain, leafLifeMs, env, output } = this.#options
    const came = Promise.withResolvers<ControlReady>()
    const addresses = this.#listen.flatMap((address) => ['--listen', address])
    const leafLife = leafLifeMs === undefined ? [] : ['--leaf-life', formatDurationMs(leafLifeMs)]
    const identity = ['--trust-domain', trustDomain, ...leafLife, '--exit-with-stdin']
    const args = ['--config', configDirectory, '--state', stateDirectory, ...addresses, ...identity]
    const child = await startChild({
      command: [process.execPath, '--disable-warning=ExperimentalWarning', CONTROL_ENTRY, ...args],
      env: Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)) as Record<string, string>,
      cwd: '/',
      output: (chunk) => output.write(chunk),
      onLine: (line) => {
        const ready = parseControlReady(line)
        if (ready !== undefined) came.resolve(ready)
      },
      stdin: 'lifeline',
    })
    this.#child = child
    await recordProcess(this.#options, { role: 'the control plane', ...child.identity })
    const ready = this.#waitFor(came.promise, child, signal)
    ready.catch(() => child.killGroup())
    return { child, ready }
  }

  async #waitFor(came: Promise<ControlReady>, child: Child, signal: AbortSignal): Promise<ControlReady> {
    const { clock } = this.#options
    const done = new AbortController()
    const late = clock
      .sleep(READY_MS, AbortSignal.any([signal, done.signal]))
      .then(() => this.#explain(signal.aborted ? 'interrupted' : `is not ready after ${READY_MS / 1000} s`))
    const ended = child.exited.then(async (exit) => {
      await clock.sleep(LAST_WORDS_MS)
      return this.#explain(describeExit(exit))
    })
    try {
      const first = await Promise.race([came, ended, late])
      if (first instanceof CliError) throw first
      return first
    } finally {
      done.abort()
    }
  }

  #explain(what: string): CliError {
    const { output } = this.#options
    return new CliError(`the control plane ${what}`, {
      hints: [...readableLines(output.tail()), `all of its log: ${output.path}`],
    })
  }
}

/** @returns `undefined` for a line that is not the control plane's ready line */
export function parseControlReady(line: string): ControlReady | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { event, addresses, serverIdentity, trustBundleFile, adminTokenFile } = value as Partial<ReadyLine>
  const isWhole = event === 'ready' && Array.isArray(addresses) && addresses.length > 0 && serverIdentity !== undefined
  if (!isWhole || trustBundleFile === undefined || adminTokenFile === undefined) return undefined
  return { listen: addresses, trustBundleFile, adminTokenFile, identity: serverIdentity }
}

interface ReadyLine {
  readonly event: string
  readonly addresses: readonly string[]
  readonly serverIdentity: string
  readonly trustBundleFile: string
  readonly adminTokenFile: string
}
