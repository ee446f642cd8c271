import type { ObjectRef } from '@heddle/api/kinds/meta'
import { CliError } from '../cli-error.ts'
import type { CliDeps, Command } from '../command.ts'
import { showApplied } from './objects/applied.ts'
import { changedRefs, formatChange } from './objects/change-output.ts'
import { filenameOption, readManifestFiles } from './objects/manifest-files.ts'
import { parseObjectChoices } from './objects/object-argument.ts'
import { openTarget } from './objects/object-target.ts'
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
      .argument('[object...]', 'KIND/NAME..., or KIND NAME...')
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
  const refs = parseTargets(words, options.namespace)
  if (refs.length + filename.length === 0)
    throw new CliError('nothing to delete', { hints: ['name objects as KIND/NAME, or files with -f FILE'] })
  const files = await readManifestFiles(filename, deps.cwd)
  const target = await openTarget(deps)
  try {
    const written = await target.remove({ refs, files }, { dryRun })
    noteProblems(written.problems, deps.terminal)
    refuseErrors(written.problems)
    for (const change of written.changes) deps.terminal.write(`${formatChange(change)}${dryRun ? ' (dry run)' : ''}\n`)
    if (dryRun || options.wait !== true) return
    const { client, revision } = await target.follow(written)
    await showApplied(client, { revision, objects: changedRefs(written.changes), timeoutMs: options.timeout }, deps)
  } finally {
    target.close()
  }
}

/**
 * Reads `KIND/NAME...` or `KIND NAME...` as kubectl does.
 *
 * @throws {CliError}
 */
export function parseTargets(words: readonly string[], namespace: string): readonly ObjectRef[] {
  if (words.length === 0) return []
  return parseObjectChoices(words).flatMap(({ kind, names }) => {
    if (kind === undefined || names.length === 0)
      throw new CliError(`"${words.join(' ')}": which one? expected KIND/NAME or KIND NAME`)
    return names.map((name) => ({ kind: kind.kind, namespace: kind.isNamespaced ? namespace : '', name }))
  })
}
