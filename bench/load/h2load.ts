import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FRAMED_MESSAGE } from '../exchanges.ts'
import { Histogram } from './histogram.ts'
import { type Load, type LoadResult, runClient } from './load.ts'

/**
 * Requests over HTTP/2 in clear by h2load, one thread, each connection keeping the scenario's number of streams busy.
 *
 * @throws when h2load fails
 */
export async function runH2load(load: Load): Promise<LoadResult> {
  const { answerBytes } = load.scenario.exchange
  const logFile = join(load.directory, 'h2load.log')
  try {
    const summary = parseSummary(await runClient(toCommand(load, logFile), load), answerBytes)
    const times = readTimes(readFileSync(logFile))
    const [p50Us, p99Us, p999Us] = [0.5, 0.99, 0.999].map((share) => times.quantileUs(share))
    return { ...summary, durationUs: load.seconds * 1_000_000, p50Us: p50Us!, p99Us: p99Us!, p999Us: p999Us! }
  } finally {
    // It is written anew by the next round, and h2load would add to it.
    rmSync(logFile, { force: true })
  }
}

function toCommand({ scenario, clients, port, connections, seconds, directory }: Load, logFile: string): string[] {
  const { exchange, streams } = scenario
  const shape = ['-t', '1', '-c', String(connections), '-m', String(streams), '-D', String(seconds)]
  const url = `http://127.0.0.1:${port}${exchange.path}`
  return [clients.h2load, ...shape, `--log-file=${logFile}`, ...toMessageArgs(exchange.isGrpc, directory), url]
}

function toMessageArgs(isGrpc: boolean, directory: string): readonly string[] {
  if (!isGrpc) return []
  const file = join(directory, 'message')
  writeFileSync(file, FRAMED_MESSAGE)
  return ['-d', file, '-H', 'content-type: application/grpc', '-H', 'te: trailers']
}

/**
 * Reads the totals that h2load prints: `failed` are broken streams and answers of another status than 2xx. Answers that brought less than they should are errors: a gRPC call that failed has the
 * HTTP status 200 and no message. Streams that were open when the time was over count nowhere.
 *
 * @throws {SyntaxError} when there are none
 */
export function parseSummary(output: string, answerBytes: number): Pick<LoadResult, 'requests' | 'errors'> {
  const read = (pattern: RegExp): number => {
    const text = pattern.exec(output)?.[1]
    if (text === undefined) throw new SyntaxError(`h2load printed no ${pattern.source}: ${output.slice(-500)}`)
    return Number(text)
  }
  const good = read(/(\d+) succeeded/)
  const whole = Math.min(good, Math.floor(read(/\((\d+)\) data$/m) / answerBytes))
  return { requests: whole, errors: good - whole + read(/(\d+) failed/) }
}

const TAB = 9
const LINE_FEED = 10
const ZERO = 48

/** Reads h2load's log: of each request when it began, its status and what it took, in microseconds. */
export function readTimes(log: Uint8Array): Histogram {
  const times = new Histogram()
  let value = 0
  for (const octet of log) {
    if (octet === TAB) value = 0
    else if (octet === LINE_FEED) {
      times.add(value)
      value = 0
    } else value = 10 * value + octet - ZERO
  }
  return times
}
