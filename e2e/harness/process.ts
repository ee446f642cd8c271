import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** What a finished command left. */
export interface Finished {
  /** 128 + signal number where a signal ended it. */
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Written to standard input, which then ends. */
  readonly input?: string
  /** After it the command is killed and `run` rejects. Default 60,000. */
  readonly deadlineMs?: number
}

/** Runs a command to its end. */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = start(command, options)
  // A command that ends without reading its input breaks the pipe; its status tells what there is to tell.
  child.process.stdin?.on('error', () => undefined)
  child.process.stdin?.end(options.input ?? '')
  const deadlineMs = options.deadlineMs ?? 60_000
  const timer = setTimeout(() => child.process.kill('SIGKILL'), deadlineMs)
  const status = await child.ended
  clearTimeout(timer)
  if (child.process.signalCode === 'SIGKILL') {
    throw new Error(`${command.join(' ')}: killed after ${deadlineMs} ms\n${child.stdout()}\n${child.stderr()}`)
  }
  return { status, stdout: child.stdout(), stderr: child.stderr() }
}

export interface Started {
  readonly process: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  /** Its exit status. */
  readonly ended: Promise<number>
}

/** Starts a command and gathers what it prints. The caller ends it. */
export function start(command: readonly string[], options: RunOptions = {}): Started {
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const stdout = gather(child.stdout)
  const stderr = gather(child.stderr)
  const ended = once(child, 'close').then(([code, signal]) => toStatus(code, signal))
  return { process: child, stdout, stderr, ended }
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }

function toStatus(code: number | null, signal: string | null): number {
  return code ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0)
}

function gather(stream: NodeJS.ReadableStream | null): () => string {
  let text = ''
  // Characters of several octets may come in two chunks.
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}
