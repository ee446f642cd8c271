import type { ObjectRef } from '@heddle/api/kinds/meta'
import type { ManifestFile } from '@heddle/api/manifest'
import { CliError } from '../cli-error.ts'
import type { CliDeps, Command } from '../command.ts'
import { showApplied } from './objects/applied.ts'
import { changedRefs, formatChange } from './objects/change-output.ts'
import { filenameOption, readManifestFiles } from './objects/manifest-files.ts'
import { formatObject, requireKind } from './objects/object-argument.ts'
import { noteProblems, refuseErrors } from './objects/problem-output.ts'
import { dryRunOption, timeoutOption, waitOption } from './objects/write-options.ts'
import { namespaceOption } from './resource-options.ts'

interface Options {
  readonly namespace: string
  readonly filename?: readonly string[]
  readonly wait?: boolean
  readonly timeout: number
  readonly dryRun?: boolean
}

/** `heddle delete`: removes objects from the configuration, all or none. */
export const deleteObjects: Command = {
  register(program, deps) {
    program
      .command('delete')
      .description('Remove objects from the configuration of the running mesh: all of them, or none and why not.')
      .argument('[object...]', 'KIND/NAME, or KIND NAME')
      .addOption(namespaceOption())
      .addOption(filenameOption())
      .addOption(dryRunOption())
      .addOption(waitOption())
      .addOption(timeoutOption())
      .action((words: string[], options: Options) => runDelete(words, options, deps))
  },
}

async function runDelete(words: readonly string[], options: Options, deps: CliDeps): Promise<void> {
  const { dryRun = false, filename = [] } = options
  const named = parseTargets(words, options.namespace)
  const inFiles = filename.length === 0 ? [] : await refsIn(await readManifestFiles(filename, deps.cwd))
  const remove = [...named, ...inFiles]
  if (remove.length === 0)
    throw new CliError('nothing to delete', { hints: ['name objects as KIND/NAME, or files with -f FILE'] })
  const client = await deps.connect()
  try {
    const { problems, changes, revision } = await client.admin.applyObjects({ remove, dryRun })
    noteProblems(problems, deps.terminal)
    refuseErrors(problems)
    for (const change of changes) deps.terminal.write(`${formatChange(change)}${dryRun ? ' (dry run)' : ''}\n`)
    if (dryRun || options.wait !== true) return
    await showApplied(client, { revision, objects: changedRefs(changes), timeoutMs: options.timeout }, deps)
  } finally {
    client.close()
  }
}

/**
 * Reads `KIND/NAME...` or `KIND NAME...` as kubectl does.
 *
 * @throws {CliError}
 */
export function parseTargets(words: readonly string[], namespace: string): readonly ObjectRef[] {
  const [first, ...names] = words
  if (first === undefined) return []
  if (!first.includes('/')) {
    if (names.length === 0) throw new CliError(`"${first}": which one? expected KIND/NAME or KIND NAME`)
    return names.map((name) => toRef(first, name, namespace))
  }
  return words.map((word) => {
    const [kind = '', name = '', ...rest] = word.split('/')
    if (rest.length > 0 || name === '') throw new CliError(`"${word}": expected KIND/NAME`)
    return toRef(kind, name, namespace)
  })
}

function toRef(word: string, name: string, namespace: string): ObjectRef {
  const { kind, isNamespaced } = requireKind(word)
  return { kind, namespace: isNamespaced ? namespace : '', name }
}

/** @throws {CliError} for a file that names none */
async function refsIn(files: readonly ManifestFile[]): Promise<readonly ObjectRef[]> {
  const { splitDocuments } = await import('@heddle/api/manifest/split-documents')
  const refs = files.flatMap(({ path, text }) => {
    const own = splitDocuments(text).flatMap((document) => document.refs)
    if (own.length === 0) throw new CliError(`${path}: names no object`)
    return own
  })
  return [...new Map(refs.map((ref) => [formatObject(ref), ref])).values()]
}
