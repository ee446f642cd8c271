import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { codeOf } from '@heddle/base/code-of'
import { messageOf } from '@heddle/base/message-of'
import { CliError } from '../cli-error.ts'

export interface ForegroundOptions {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

/** A program that has our terminal, or pipes, as its own. */
export interface Foreground {
  /** Resolves with the exit status as a shell gives it: 128 and the signal's number when a signal ended it. */
  readonly exited: Promise<number>
  signal(name: NodeJS.Signals): void
}

/**
 * Starts a program in our own process group, so that it may read from the terminal.
 *
 * @throws {CliError} with exit status 127 when there is no such program, 126 when it cannot be run; as shells do
 */
export function startForeground({ command, env, cwd }: ForegroundOptions): Promise<Foreground> {
  const [program = '', ...args] = command
  const child = spawn(program, args, { env, cwd, stdio: 'inherit' })
  const exited = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]))
  })
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve({ exited, signal: (name) => sendSignal(child, name) }))
    child.once('error', (error) => reject(describe(program, error)))
  })
}

function sendSignal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.exitCode === null && child.signalCode === null) child.kill(name)
}

function describe(program: string, error: Error): CliError {
  const isMissing = codeOf(error) === 'ENOENT'
  return new CliError(`cannot start ${program}: ${isMissing ? 'not found' : messageOf(error)}`, {
    exitStatus: isMissing ? 127 : 126,
  })
}
