import { CliError } from '../cli-error.ts'
import type { CliDeps, Command } from '../command.ts'
import { showApplied } from './objects/applied.ts'
import { changedRefs, formatChange, listFaults } from './objects/change-output.ts'
import { filenameOption, readManifestFiles } from './objects/manifest-files.ts'
import { type ObjectTarget, openTarget, type Written } from './objects/object-target.ts'
import { noteProblems, refuseErrors } from './objects/problem-output.ts'
import { dryRunOption, timeoutOption, waitOption } from './objects/write-options.ts'

interface Options {
  readonly filename?: readonly string[]
  readonly wait?: boolean
  readonly timeout: number
  readonly dryRun?: boolean
}

/** `heddle apply`: writes objects to the configuration, all or none. */
export const apply: Command = {
  register(program, deps) {
    program
      .command('apply')
      .description('Write objects to the configuration of the running mesh: all of them, or none and why not.')
      .addOption(filenameOption())
      .addOption(dryRunOption())
      .addOption(waitOption())
      .addOption(timeoutOption())
      .action((options: Options) => runApply(options, deps))
  },
}

async function runApply(options: Options, deps: CliDeps): Promise<void> {
  const { filename: names = [], dryRun = false } = options
  if (names.length === 0)
    throw new CliError('nothing to apply', { hints: ['name files with -f FILE, -f FOLDER or -f -'] })
  const files = await readManifestFiles(names, deps.cwd)
  const target = await openTarget(deps)
  try {
    await show(await target.apply(files, { dryRun }), { target, options }, deps)
  } finally {
    target.close()
  }
}

interface Applying {
  readonly target: ObjectTarget
  readonly options: Options
}

async function show(written: Written, { target, options }: Applying, deps: CliDeps): Promise<void> {
  const { terminal } = deps
  const { problems, changes } = written
  noteProblems(problems, terminal)
  refuseErrors(problems)
  if (changes.length === 0) throw new CliError('no object in what was given')
  const suffix = options.dryRun === true ? ' (dry run)' : ''
  for (const change of changes) terminal.write(`${formatChange(change)}${suffix}\n`)
  if (options.dryRun === true) return
  const follower = await target.follow(written).catch((error: unknown) => {
    if (options.wait === true || !(error instanceof CliError)) throw error
    terminal.note(terminal.noteStyle.yellow(`warning: whether it is in force is not known: ${error.message}`))
  })
  if (follower === undefined) return
  const { client, revision } = follower
  // What a warning said already with its line is not said again.
  const isNew = (fault: string) => !problems.some(({ reason }) => fault.includes(reason.split('; ')[0] ?? reason))
  for (const fault of (await listFaults(client, changes)).filter(isNew))
    terminal.note(terminal.noteStyle.yellow(`warning: ${fault}`))
  if (options.wait !== true) return
  await showApplied(client, { revision, objects: changedRefs(changes), timeoutMs: options.timeout }, deps)
}
