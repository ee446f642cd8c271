import { parseArgs } from 'node:util'
import { CONNECTIONS, listScenarios, PROXIES, type ProxyName, type Scenario, type Sizes } from './scenarios.ts'

/** What one run of the benchmark does. */
export interface BenchOptions {
  readonly scenarios: readonly Scenario[]
  /** Those of each scenario when undefined. */
  readonly connections: readonly number[] | undefined
  readonly proxies: readonly ProxyName[]
  /** How often each proxy gets the load; the median counts. */
  readonly rounds: number
  /** Length of each load. */
  readonly seconds: number
  /** Load before the first round, which does not count, in seconds of each proxy's CPU. */
  readonly warmupSeconds: number
  /** Name of the file of results. */
  readonly out: string
  /** Whether rows of that file which are not measured again stay in it. */
  readonly keepsOthers: boolean
}

/** A wrong argument; the message says which and what was expected. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError'
}

export const USAGE = `node bench/main.ts [options]
  --scenario PATTERN   only scenarios whose name matches this regular expression
  --conns N,N          numbers of client connections (${CONNECTIONS.join(',')}; 16 with many streams)
  --streams N,N        numbers of HTTP/2 streams on each of them (1,100)
  --endpoints N,N      numbers of endpoints to balance over, with one hop (1)
  --proxies NAME,NAME  who is compared (${PROXIES.join(',')})
  --rounds N           rounds; the median of them counts (5)
  --seconds N          length of the load in each round (2)
  --warmup N           CPU seconds of load before the first round, at most (20)
  --out NAME           writes bench/results/NAME.json (latest)
  --keep               keeps the rows of that file that are not measured again
`

const MOST_CONNECTIONS = 9000
const MOST_STREAMS = 1000
const MOST_ENDPOINTS = 500

/** @throws {OptionsError} */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values } = parse(args)
  const streams = readNumbers('--streams', values.streams, MOST_STREAMS)
  const endpoints = readNumbers('--endpoints', values.endpoints, MOST_ENDPOINTS)
  return {
    scenarios: chooseScenarios(values.scenario, { streams, endpoints }),
    connections: readNumbers('--conns', values.conns, MOST_CONNECTIONS),
    proxies: values.proxies?.split(',').map(readProxy) ?? PROXIES,
    rounds: readNumber('--rounds', values.rounds, 100),
    seconds: readNumber('--seconds', values.seconds, 600),
    warmupSeconds: readNumber('--warmup', values.warmup, 600),
    out: readName(values.out),
    keepsOthers: values.keep,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        scenario: { type: 'string', default: '' },
        conns: { type: 'string' },
        streams: { type: 'string' },
        endpoints: { type: 'string' },
        proxies: { type: 'string' },
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '2' },
        warmup: { type: 'string', default: '20' },
        out: { type: 'string', default: 'latest' },
        keep: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new OptionsError(error instanceof Error ? error.message : String(error))
  }
}

function chooseScenarios(pattern: string, sizes: Sizes): readonly Scenario[] {
  const all = listScenarios(sizes)
  const chosen = all.filter(({ name }) => name.search(pattern) !== -1)
  if (chosen.length > 0) return chosen
  throw new OptionsError(`--scenario ${pattern}: none of ${all.map(({ name }) => name).join(', ')}`)
}

function readProxy(text: string): ProxyName {
  const name = PROXIES.find((proxy) => proxy === text)
  if (name !== undefined) return name
  throw new OptionsError(`--proxies ${text}: expected some of ${PROXIES.join(',')}`)
}

function readNumbers(name: string, text: string | undefined, most: number): readonly number[] | undefined {
  return text?.split(',').map((part) => readNumber(name, part, most))
}

function readNumber(name: string, text: string, most: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new OptionsError(`${name} ${text}: expected a whole number from 1 to ${most}`)
}

function readName(text: string): string {
  if (/^[a-z0-9][a-z0-9-]*$/.test(text) && text !== 'machine' && text !== 'memory') return text
  throw new OptionsError(`--out ${text}: expected a name such as "growth"; machine and memory are taken`)
}
