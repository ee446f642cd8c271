import { spawn } from 'node:child_process'
import { delimiter } from 'node:path'
import { CliError, type CliErrorOptions } from '../cli-error.ts'
import { findExecutable } from './find-executable.ts'

/** A tool of the system (`ip`, `iptables`) failed; the message holds its command line and what it said. */
export class ToolError extends CliError {
  readonly said: string

  constructor(command: string, said: string, options: CliErrorOptions = {}) {
    super(`${command}: ${said}`, options)
    this.said = said
  }
}

/** Tools of the administrator are not on everyone's search path. */
const ADMIN_PATH = ['/usr/sbin', '/sbin', '/usr/bin', '/bin']

/** Where a tool of the system is, `undefined` when it is not installed. */
export function findTool(name: string): string | undefined {
  return findExecutable(name, [process.env.PATH ?? '', ...ADMIN_PATH].join(delimiter), '/')
}

const DEADLINE_MS = 20_000
const MOST_OUTPUT = 4 * 1024 * 1024

/**
 * Runs a tool to its end and gives what it wrote to stdout.
 *
 * @param input - what the tool reads from stdin
 * @throws {ToolError} when it is missing, fails or takes longer than 20 s
 */
export function runTool(command: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    // A process group of its own: Ctrl-C at the terminal must not kill the cleaning up.
    const child = spawn(findTool(command) ?? command, args, {
      stdio: 'pipe',
      timeout: DEADLINE_MS,
      killSignal: 'SIGKILL',
      detached: true,
    })
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (out.length < MOST_OUTPUT) out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (err.length < MOST_OUTPUT) err += text
    })
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    child.on('error', (error) => reject(new ToolError(command, error.message, { cause: error })))
    child.on('close', (status, signal) => {
      if (status === 0) return resolve(out)
      const said = err.trim() || out.trim() || `ended with ${signal ?? `status ${status}`}`
      return reject(new ToolError([command, ...args].join(' '), said))
    })
  })
}
