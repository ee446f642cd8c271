import { fileURLToPath } from 'node:url'
import { type Load, type LoadResult, runClient, TIMEOUT_SECONDS } from './load.ts'
import { parseReport } from './report.ts'

const REPORT_SCRIPT = fileURLToPath(new URL('./wrk-report.lua', import.meta.url))

/**
 * HTTP/1 by wrk, one thread, each connection sending its next request once it has the answer.
 *
 * @throws when wrk fails
 */
export async function runWrk(load: Load): Promise<LoadResult> {
  const { scenario, clients, port, connections, seconds } = load
  const headers = scenario.connectsAnew ? ['-H', 'Connection: close'] : []
  const shape = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`]
  const report = ['--timeout', `${TIMEOUT_SECONDS}s`, '-s', REPORT_SCRIPT]
  const url = `http://127.0.0.1:${port}${scenario.exchange.path}`
  return parseReport(await runClient([clients.wrk, ...shape, ...report, ...headers, url], load))
}
