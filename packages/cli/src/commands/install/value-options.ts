import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { ConfigError } from '@heddle/base/config-error'
import type { ValuesInput } from '@heddle/kube/install/read-values'
import type { InstallValues } from '@heddle/kube/install/values'
import { type Command as CommanderCommand, Option } from 'commander'
import { CliError } from '../../cli-error.ts'
import { unreadable } from '../manifest-paths.ts'

/** Flags that say values of an installation. */
export interface ValueFlags {
  readonly ha?: boolean
  readonly values?: readonly string[]
  readonly set?: readonly string[]
}

/** `--ha`, `--values` and `--set`. */
export function addValueOptions(command: CommanderCommand): CommanderCommand {
  return command
    .option('--ha', 'three replicas on nodes of their own, and webhooks that are never passed by')
    .addOption(
      new Option('--values <file>', 'file with values, or - for the standard input; again for more').argParser(collect),
    )
    .addOption(
      new Option('--set <name=value>', 'one value, such as control.replicas=3; again for more').argParser(collect),
    )
}

function collect(value: string, others: readonly string[] = []): readonly string[] {
  return [...others, value]
}

/** What the flags say: `--ha`, then files, then single values. @throws {CliError} when a file cannot be read */
export async function readValueFlags(flags: ValueFlags, cwd: string): Promise<readonly ValuesInput[]> {
  const { ha = false, values = [], set = [] } = flags
  const files = await Promise.all(values.map((name) => readValuesFile(name, cwd)))
  return [
    ...(ha ? [{ kind: 'ha' } as const] : []),
    ...files,
    ...set.map((one): ValuesInput => ({ kind: 'set', text: one })),
  ]
}

async function readValuesFile(name: string, cwd: string): Promise<ValuesInput> {
  if (name === '-') return { kind: 'file', path: '<stdin>', text: await text(process.stdin) }
  try {
    return { kind: 'file', path: name, text: await readFile(resolve(cwd, name), 'utf8') }
  } catch (error) {
    throw unreadable(`the values in ${name}`, error)
  }
}

/** The values that `inputs` come to. @throws {CliError} with every mistake */
export async function toInstallValues(inputs: readonly ValuesInput[]): Promise<InstallValues> {
  const { readInstallValues } = await import('@heddle/kube/install/read-values')
  try {
    return readInstallValues(inputs)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new CliError(error.message, { hints: ['every value: docs/reference/install-values.md'] })
  }
}
