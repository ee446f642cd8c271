import { formatDurationMs } from '@heddle/base/duration'
import { InvalidArgumentError, Option } from 'commander'
import type { CliDeps, Command } from '../command.ts'
import { WANTED_MODES, type WantedMode } from '../site/choose-mode.ts'
import { readDurationMs } from './resource-options.ts'

/** Options of a mesh, as commander gives them. */
export interface UpFlags {
  readonly for?: number
  readonly mode: WantedMode
  readonly name: string
  readonly trustDomain: string
  readonly leafLife?: number
  readonly listen: readonly string[]
  readonly table: boolean
}

/** The options that `up` and `demo` share. */
export function meshOptions(name: string): readonly Option[] {
  return [
    new Option('--for <duration>', 'end by itself after this time, for example 30s').argParser(readDurationMs),
    new Option('--mode <mode>', 'how traffic comes into the proxies; auto: transparent where possible (Linux, root)')
      .choices(WANTED_MODES)
      .default('auto'),
    new Option('--name <name>', 'name of the mesh, where several run on one host').default(name),
    new Option('--trust-domain <name>', 'trust domain of all identities').default('heddle.local'),
    new Option('--leaf-life <duration>', 'life of the certificates of workloads, 10s to 720h (default: 24h)').argParser(
      readLeafLifeMs,
    ),
    new Option(
      '--listen <host:port>',
      'a further address for the control plane, for workloads of other hosts; repeatable',
    )
      .default([], 'none')
      .argParser((text: string, before: readonly string[]) => [...before, readAddress(text)]),
    new Option('--no-table', 'do not show golden metrics'),
  ]
}

const SHORTEST_LEAF_LIFE_MS = 10_000
const LONGEST_LEAF_LIFE_MS = 720 * 3_600_000

function readLeafLifeMs(text: string): number {
  const lifeMs = readDurationMs(text)
  if (lifeMs >= SHORTEST_LEAF_LIFE_MS && lifeMs <= LONGEST_LEAF_LIFE_MS) return lifeMs
  const [shortest, longest] = [SHORTEST_LEAF_LIFE_MS, LONGEST_LEAF_LIFE_MS].map(formatDurationMs)
  throw new InvalidArgumentError(`Expected a duration from ${shortest} to ${longest}.`)
}

function readAddress(text: string): string {
  if (/^\S+:\d{1,5}$/.test(text)) return text
  throw new InvalidArgumentError('Expected HOST:PORT.')
}

/** `heddle up DIR` */
export const up: Command = {
  register(program, deps) {
    const command = program
      .command('up')
      .argument('<directory>', 'directory of YAML: Services, Workloads, Namespaces, ServiceAccounts')
      .description('Run the workloads of a directory with a sidecar each, and their control plane, on this host.')
    for (const option of meshOptions('default')) command.addOption(option)
    command.action((directory: string, flags: UpFlags) => runUp(directory, flags, deps))
  },
}

async function runUp(directory: string, flags: UpFlags, deps: CliDeps): Promise<void> {
  const { stayWithTable, up: bringUp } = await import('../up/up.ts')
  const options = {
    ...flags,
    directory,
    forMs: flags.for,
    leafLifeMs: flags.leafLife,
    hasTable: flags.table,
    forgetsMeasurements: false,
  }
  await bringUp(options, deps, stayWithTable(deps, flags.table))
}
