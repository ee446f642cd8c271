import type { ConfigObject } from '@heddle/api/admin'
import { CliError } from '../cli-error.ts'
import type { CliDeps, Command } from '../command.ts'
import { formatJson } from '../output/json.ts'
import { formatTable } from '../output/table.ts'
import { ELSEWHERE_HINT } from './known-resource.ts'
import { OBJECT_KINDS, OBJECT_WORDS, type ObjectChoice, parseObjectChoice } from './objects/object-argument.ts'
import { objectColumns } from './objects/object-table.ts'
import { addListOptions, chosenNamespace, type ListOptions } from './resource-options.ts'

/** `heddle get`: the objects of the configuration in force, with their conditions. */
export const get: Command = {
  register(program, deps) {
    const command = program
      .command('get')
      .description('Show objects of the configuration that is in force, with their conditions.')
      .argument('<kind>', `${OBJECT_WORDS.join(', ')}; or KIND/NAME`)
      .argument('[name]', 'name of the one to show')
    addListOptions(command, ['table', 'wide', 'json', 'yaml']).action(
      (kind: string, name: string | undefined, options: ListOptions) =>
        runGet(parseObjectChoice(kind, name), options, deps),
    )
  },
}

async function runGet(choice: ObjectChoice, options: ListOptions, deps: CliDeps): Promise<void> {
  const { terminal } = deps
  const namespace = choice.kind?.isNamespaced === false ? '' : chosenNamespace(options)
  const request = { kind: choice.kind?.kind ?? '', namespace, name: choice.name }
  const client = await deps.connect()
  const { objects } = await client.admin.listObjects(request).finally(() => client.close())
  if (objects.length === 0 && choice.name !== '') throw noSuchObject(choice, namespace)
  if (options.output === 'json' || options.output === 'yaml') {
    const value = choice.name !== '' && objects.length === 1 ? objects[0]!.manifest : toList(objects)
    const { stringifyManifest } = await import('@heddle/api/manifest/stringify')
    terminal.write(options.output === 'json' ? formatJson(value) : stringifyManifest(value))
    return
  }
  if (objects.length === 0) {
    terminal.note(`no ${describe(choice, namespace)}\n  ${ELSEWHERE_HINT}`)
    return
  }
  terminal.write(formatObjects(objects, { choice, options }, deps))
}

function noSuchObject(choice: ObjectChoice, namespace: string): CliError {
  return new CliError(`no ${describe(choice, namespace)}`, {
    hints: choice.kind?.isNamespaced === false ? [] : [ELSEWHERE_HINT],
  })
}

function describe({ kind, name }: ObjectChoice, namespace: string): string {
  const what = kind === undefined ? 'objects' : name === '' ? kind.words[1]! : `${kind.words[0]} "${name}"`
  return namespace === '' ? what : `${what} in namespace "${namespace}"`
}

/** As `kubectl get -o json` shows several, so that they can be applied again. */
function toList(objects: readonly ConfigObject[]) {
  return { apiVersion: 'v1', kind: 'List', items: objects.map(({ manifest }) => manifest) }
}

interface View {
  readonly choice: ObjectChoice
  readonly options: ListOptions
}

function formatObjects(objects: readonly ConfigObject[], view: View, deps: CliDeps): string {
  const { terminal, clock } = deps
  const { choice, options } = view
  const look = {
    hasNamespaces: options.allNamespaces === true,
    hasKinds: choice.kind === undefined,
    nowMs: clock.nowMs(),
    style: terminal.style,
  }
  const tables = OBJECT_KINDS.flatMap(({ kind }) => {
    const own = objects.filter(({ ref }) => ref?.kind === kind)
    if (own.length === 0) return []
    return formatTable(objectColumns(kind, look), own, { isWide: options.output === 'wide' })
  })
  return tables.join('\n')
}
