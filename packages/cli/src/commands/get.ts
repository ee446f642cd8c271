import type { ConfigObject } from '@heddle/api/admin'
import { Option } from 'commander'
import { CliError } from '../cli-error.ts'
import type { ControlClient } from '../client/control-client.ts'
import type { CliDeps, Command } from '../command.ts'
import { formatJson } from '../output/json.ts'
import { formatTable } from '../output/table.ts'
import { ELSEWHERE_HINT } from './known-resource.ts'
import { type Found, findObjects } from './objects/find-objects.ts'
import { type LabelSelector, parseLabelSelector } from './objects/label-selector.ts'
import {
  longKindWord,
  OBJECT_KINDS,
  OBJECT_WORDS,
  type ObjectChoice,
  parseObjectChoices,
} from './objects/object-argument.ts'
import { objectColumns } from './objects/object-table.ts'
import { listServiceAddresses } from './objects/service-addresses.ts'
import { addListOptions, chosenNamespace, type ListOptions } from './resource-options.ts'

interface Options extends ListOptions {
  readonly selector?: LabelSelector
  readonly headers: boolean
}

/** `heddle get`: the objects of the configuration in force, with their conditions. */
export const get: Command = {
  register(program, deps) {
    const command = program
      .command('get')
      .description('Show objects of the configuration that is in force, with their conditions.')
      .argument('<kind>', `${OBJECT_WORDS.join(', ')}; several as KIND,KIND; or KIND/NAME...`)
      .argument('[name...]', 'names of those to show')
    addListOptions(command, ['table', 'wide', 'json', 'yaml', 'name'])
      .addOption(
        new Option(
          '-l, --selector <labels>',
          'only those with these labels: app=web,tier!=db,zone in (a,b),!old',
        ).argParser(parseLabelSelector),
      )
      .option('--no-headers', 'leave out the headings of tables')
      .action((kind: string, names: string[], options: Options) =>
        runGet(parseObjectChoices([kind, ...names]), options, deps),
      )
  },
}

async function runGet(choices: readonly ObjectChoice[], options: Options, deps: CliDeps): Promise<void> {
  const isNamed = choices.some(({ names }) => names.length > 0)
  if (isNamed && options.selector !== undefined) throw new CliError('-l chooses among all: leave it or the names out')
  const client = await deps.connect()
  try {
    const wanted = { choices, namespace: chosenNamespace(options), selector: options.selector }
    const found = await findObjects(client, wanted)
    if (found.objects.length > 0 || !isNamed) await show(found, { choices, options, client }, deps)
    if (found.missing.length > 0) throw new CliError(found.missing.join(', '), { hints: hintsOf(choices) })
  } finally {
    client.close()
  }
}

interface View {
  readonly choices: readonly ObjectChoice[]
  readonly options: Options
  readonly client: ControlClient
}

async function show({ objects, nothing }: Found, view: View, { terminal, clock }: CliDeps): Promise<void> {
  const { choices, options } = view
  switch (options.output) {
    case 'json':
      return terminal.write(formatJson(toManifest(objects, choices)))
    case 'yaml': {
      const { stringifyManifest } = await import('@heddle/api/manifest/stringify')
      return terminal.write(stringifyManifest(toManifest(objects, choices)))
    }
    case 'name':
      return terminal.write(objects.map(({ ref }) => `${longKindWord(ref?.kind ?? '')}/${ref?.name}\n`).join(''))
    default:
      if (objects.length > 0) return terminal.write(await formatObjects(objects, view, { terminal, clock }))
      terminal.note([nothing, ...hintsOf(choices).map((hint) => `  ${hint}`)].join('\n'))
  }
}

function hintsOf(choices: readonly ObjectChoice[]): readonly string[] {
  return choices.every(({ kind }) => kind?.isNamespaced === false) ? [] : [ELSEWHERE_HINT]
}

/** The one that was asked for by name, else a list as `kubectl get -o json` shows it: either can be applied again. */
function toManifest(objects: readonly ConfigObject[], choices: readonly ObjectChoice[]) {
  const [first] = objects
  const isOne = choices.length === 1 && choices[0]?.names.length === 1 && objects.length === 1
  if (isOne && first?.manifest !== undefined) return first.manifest
  return { apiVersion: 'v1', kind: 'List', items: objects.map(({ manifest }) => manifest) }
}

async function formatObjects(
  objects: readonly ConfigObject[],
  { choices, options, client }: View,
  { terminal, clock }: Pick<CliDeps, 'terminal' | 'clock'>,
): Promise<string> {
  const hasServices = objects.some(({ ref }) => ref?.kind === 'Service')
  const look = {
    hasNamespaces: options.allNamespaces === true,
    hasKinds: choices.length > 1 || choices[0]?.kind === undefined,
    nowMs: clock.nowMs(),
    style: terminal.style,
    addresses: hasServices ? await listServiceAddresses(client, chosenNamespace(options)) : NO_ADDRESSES,
  }
  const tables = OBJECT_KINDS.flatMap(({ kind }) => {
    const own = objects.filter(({ ref }) => ref?.kind === kind)
    if (own.length === 0) return []
    const shape = { isWide: options.output === 'wide', hasNoHeaders: !options.headers }
    return formatTable(objectColumns(kind, look), own, shape)
  })
  return tables.join('\n')
}

const NO_ADDRESSES: ReadonlyMap<string, readonly string[]> = new Map()
