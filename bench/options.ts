import { parseArgs } from 'node:util'
import { CONNECTIONS, PROXIES, type ProxyName, SCENARIOS, type Scenario } from './scenarios.ts'

/** What one run of the benchmark does. */
export interface BenchOptions {
  readonly scenarios: readonly Scenario[]
  readonly connections: readonly number[]
  readonly proxies: readonly ProxyName[]
  /** How often each proxy gets the load; the median counts. */
  readonly rounds: number
  /** Length of each load. */
  readonly seconds: number
  /** Load before the first round, which does not count, in seconds of each proxy's CPU. */
  readonly warmupSeconds: number
}

/** A wrong argument; the message says which and what was expected. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError'
}

export const USAGE = `node bench/main.ts [options]
  --scenario PATTERN   only scenarios whose name matches this regular expression
  --conns N,N          numbers of client connections (${CONNECTIONS.join(',')})
  --proxies NAME,NAME  who is compared (${PROXIES.join(',')})
  --rounds N           rounds; the median of them counts (5)
  --seconds N          length of the load in each round (2)
  --warmup N           CPU seconds of load before the first round, at most (10)
`

/** @throws {OptionsError} */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values } = parse(args)
  return {
    scenarios: chooseScenarios(values.scenario),
    connections: values.conns?.split(',').map((text) => readNumber('--conns', text, 10_000)) ?? CONNECTIONS,
    proxies: values.proxies?.split(',').map(readProxy) ?? PROXIES,
    rounds: readNumber('--rounds', values.rounds, 100),
    seconds: readNumber('--seconds', values.seconds, 600),
    warmupSeconds: readNumber('--warmup', values.warmup, 600),
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        scenario: { type: 'string', default: '' },
        conns: { type: 'string' },
        proxies: { type: 'string' },
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '2' },
        warmup: { type: 'string', default: '10' },
      },
    })
  } catch (error) {
    throw new OptionsError(error instanceof Error ? error.message : String(error))
  }
}

function chooseScenarios(pattern: string): readonly Scenario[] {
  const chosen = SCENARIOS.filter(({ name }) => name.search(pattern) !== -1)
  if (chosen.length > 0) return chosen
  throw new OptionsError(`--scenario ${pattern}: none of ${SCENARIOS.map(({ name }) => name).join(', ')}`)
}

function readProxy(text: string): ProxyName {
  const name = PROXIES.find((proxy) => proxy === text)
  if (name !== undefined) return name
  throw new OptionsError(`--proxies ${text}: expected some of ${PROXIES.join(',')}`)
}

function readNumber(name: string, text: string, most: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new OptionsError(`${name} ${text}: expected a whole number from 1 to ${most}`)
}
