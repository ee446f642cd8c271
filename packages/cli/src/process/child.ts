import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Clock } from '@heddle/base/clock'
import { codeOf } from '@heddle/base/code-of'
import { messageOf } from '@heddle/base/message-of'
import { type ProcessIdentity, startTimeOf } from '@heddle/base/process-start'
import { CliError } from '../cli-error.ts'

/** What to start, and who hears it. */
export interface ChildSpec {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Gets everything the process writes: stderr, and what of stdout is not asked for by `onLine`. */
  readonly output: (chunk: Buffer) => void
  /** Gets stdout line by line, in place of `output`. */
  readonly onLine?: (line: string) => void
  /** `lifeline`: a pipe that ends with this process, for children that watch it. */
  readonly stdin: 'lifeline' | 'none'
}

/** How a process ended: one of both is there. */
export interface ExitStatus {
  /** Absent when a signal ended the process. */
  readonly code: number | undefined
  readonly signal: NodeJS.Signals | undefined
}

/** How an exit reads in a sentence. */
export function describeExit({ code, signal }: ExitStatus): string {
  return signal === undefined ? `ended with status ${code}` : `was ended by ${signal}`
}

/**
 * A process in a group of its own: a Ctrl-C at the terminal reaches only us, so that we decide in which order things
 * end; and what it has started itself can be ended with it.
 */
export class Child {
  readonly identity: ProcessIdentity
  readonly exited: Promise<ExitStatus>
  readonly #process: ChildProcess
  readonly #pid: number
  #exit: ExitStatus | undefined

  /** Use {@link startChild}. */
  constructor(started: ChildProcess, pid: number) {
    this.#process = started
    this.#pid = pid
    this.identity = { pid, startTime: startTimeOf(pid) ?? '' }
    this.exited = new Promise((resolve) => {
      started.once('exit', (code, signal) => {
        this.#exit = { code: code ?? undefined, signal: signal ?? undefined }
        resolve(this.#exit)
      })
    })
  }

  /** How it ended, `undefined` while it runs. */
  get exit(): ExitStatus | undefined {
    return this.#exit
  }

  /** Signals the process alone. Does nothing when it has ended. */
  signal(name: NodeJS.Signals): void {
    if (this.#exit === undefined) this.#process.kill(name)
  }

  /** Kills the process and whatever of its group is left, also after its own end. */
  killGroup(): void {
    try {
      process.kill(-this.#pid, 'SIGKILL')
    } catch {
      // Nothing of the group is left.
    }
  }

  /** Asks the process to end by SIGTERM, and kills its group after `graceMs` or when `hurry` is aborted. */
  async stop(graceMs: number, clock: Clock, hurry: AbortSignal): Promise<ExitStatus> {
    this.signal('SIGTERM')
    const giveUp = new AbortController()
    const either = AbortSignal.any([hurry, giveUp.signal])
    await Promise.race([this.exited, clock.sleep(graceMs, either)])
    giveUp.abort()
    this.killGroup()
    return this.exited
  }
}

/**
 * Starts a process.
 *
 * @throws {CliError} when it cannot be started
 */
export async function startChild(spec: ChildSpec): Promise<Child> {
  const [program = '', ...args] = spec.command
  const started = spawn(program, args, {
    cwd: spec.cwd,
    env: spec.env,
    detached: true,
    stdio: [spec.stdin === 'lifeline' ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  })
  started.stdin?.on('error', () => {})
  started.stderr?.on('data', spec.output)
  if (spec.onLine === undefined) started.stdout?.on('data', spec.output)
  else started.stdout?.setEncoding('utf8').on('data', lineSplitter(spec.onLine))
  const child = started.pid === undefined ? undefined : new Child(started, started.pid)
  try {
    await once(started, 'spawn')
  } catch (error) {
    const reason = codeOf(error) === 'ENOENT' ? 'not found' : messageOf(error)
    throw new CliError(`cannot start ${program}: ${reason}`, { cause: error })
  }
  if (child === undefined) throw new CliError(`cannot start ${program}`)
  return child
}

const MOST_LINE_BYTES = 1024 * 1024

function lineSplitter(onLine: (line: string) => void): (text: string) => void {
  let rest = ''
  return (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MOST_LINE_BYTES) rest = ''
    for (const line of lines) onLine(line)
  }
}
