import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Scenario } from '../scenarios.ts'

/** Load to be put on one proxy. */
export interface Load {
  readonly scenario: Scenario
  readonly clients: ClientPrograms
  readonly port: number
  readonly connections: number
  readonly seconds: number
  /** A folder for files of the client. */
  readonly directory: string
  /** The one CPU for the client; anywhere when undefined. */
  readonly cpu: number | undefined
  readonly signal: AbortSignal
}

/** What puts load on: one for HTTP/1, one for requests over HTTP/2, and what runs our own, for streams. */
export interface ClientPrograms {
  readonly wrk: string
  readonly h2load: string
  readonly bun: string
}

/** What the client saw. */
export interface LoadResult {
  /** Answered ones; of a stream, messages answered by a message. */
  readonly requests: number
  readonly durationUs: number
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
  /** Failed connects, reads and writes, timeouts, answers of 4xx and 5xx, streams that were reset, answers that are too short. */
  readonly errors: number
}

/** An answer that takes longer than this is an error. */
export const TIMEOUT_SECONDS = 10
const MOST_OUTPUT_BYTES = 16_777_216
const execFileAsync = promisify(execFile)

/**
 * Runs a client until it ends by itself; returns what it printed.
 *
 * @throws when it fails, or goes on for much longer than it was told to
 */
export async function runClient(command: readonly string[], { cpu, seconds, signal }: Load): Promise<string> {
  const pinning = cpu === undefined ? [] : ['taskset', '-c', String(cpu)]
  const [file = '', ...args] = [...pinning, ...command]
  const { stdout } = await execFileAsync(file, args, {
    timeout: (seconds + 3 * TIMEOUT_SECONDS) * 1000,
    killSignal: 'SIGKILL',
    maxBuffer: MOST_OUTPUT_BYTES,
    signal,
  })
  return stdout
}
