import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Load to be put on one address. */
export interface Load {
  readonly wrkProgram: string
  readonly port: number
  readonly path: string
  readonly connections: number
  readonly seconds: number
  readonly connectsAnew: boolean
  /** The one CPU for the client; anywhere when undefined. */
  readonly cpu: number | undefined
  readonly signal: AbortSignal
}

/** What the client saw. */
export interface LoadResult {
  readonly requests: number
  readonly durationUs: number
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
  /** Failed connects, reads and writes, timeouts, and answers of 4xx and 5xx. */
  readonly errors: number
}

const REPORT_SCRIPT = fileURLToPath(new URL('./load-report.lua', import.meta.url))
/** An answer that takes longer than this is an error. */
const TIMEOUT_SECONDS = 10
const execFileAsync = promisify(execFile)

/**
 * Puts load on a proxy by wrk, one thread, each connection sending its next request once it has the answer.
 *
 * @throws when wrk fails
 */
export async function runLoad(load: Load): Promise<LoadResult> {
  const [file = '', ...args] = toCommand(load)
  const { stdout } = await execFileAsync(file, args, {
    timeout: (load.seconds + 3 * TIMEOUT_SECONDS) * 1000,
    killSignal: 'SIGKILL',
    signal: load.signal,
  })
  return parseReport(stdout)
}

function toCommand(load: Load): readonly string[] {
  const pinning = load.cpu === undefined ? [] : ['taskset', '-c', String(load.cpu)]
  const headers = load.connectsAnew ? ['-H', 'Connection: close'] : []
  const shape = ['-t', '1', '-c', String(load.connections), '-d', `${load.seconds}s`]
  const report = ['--timeout', `${TIMEOUT_SECONDS}s`, '-s', REPORT_SCRIPT]
  return [...pinning, load.wrkProgram, ...shape, ...report, ...headers, `http://127.0.0.1:${load.port}${load.path}`]
}

interface Report {
  readonly requests: number
  readonly duration_us: number
  readonly p50_us: number
  readonly p99_us: number
  readonly p999_us: number
  readonly errors: Readonly<Record<string, number>>
}

/**
 * Reads the line of load-report.lua out of what wrk prints.
 *
 * @throws {SyntaxError} when there is none
 */
export function parseReport(output: string): LoadResult {
  const line = output.split('\n').findLast((text) => text.startsWith('{'))
  if (line === undefined) throw new SyntaxError(`wrk printed no report: ${output.slice(-200)}`)
  const report = JSON.parse(line) as Report
  return {
    requests: report.requests,
    durationUs: report.duration_us,
    p50Us: report.p50_us,
    p99Us: report.p99_us,
    p999Us: report.p999_us,
    errors: Object.values(report.errors).reduce((sum, count) => sum + count, 0),
  }
}
