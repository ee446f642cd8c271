import type { JsonObject } from '@bufbuild/protobuf'
import type { ObjectChange } from '@heddle/api/admin'
import { CliError } from '../cli-error.ts'
import type { CliDeps, Command } from '../command.ts'
import type { Style } from '../output/style.ts'
import { formatUnifiedDiff } from '../output/unified-diff.ts'
import { realChanges } from './objects/change-output.ts'
import { filenameOption, readManifestFiles } from './objects/manifest-files.ts'
import { formatObject } from './objects/object-argument.ts'
import { openTarget } from './objects/object-target.ts'
import { noteProblems, refuseErrors } from './objects/problem-output.ts'

/** As with `diff` and `kubectl diff`: 1 says that there are differences. */
const DIFFERENT = 1
const FAILED = 2

interface Options {
  readonly filename?: readonly string[]
}

/** `heddle diff`: how files differ from the configuration in force. */
export const diff: Command = {
  register(program, deps) {
    program
      .command('diff')
      .description(
        'Compare files with the objects in force. Exit status: 0 no difference, 1 different, 2 something went wrong.',
      )
      .addOption(filenameOption())
      .action((options: Options) => runDiff(options, deps).catch(rethrow))
  },
}

/** A failure must not look like a difference. */
function rethrow(error: unknown): never {
  if (!(error instanceof CliError)) throw error
  throw new CliError(error.message, { hints: error.hints, exitStatus: FAILED, cause: error })
}

async function runDiff({ filename = [] }: Options, deps: CliDeps): Promise<void> {
  const { terminal } = deps
  if (filename.length === 0)
    throw new CliError('nothing to compare', { hints: ['name files with -f FILE, -f FOLDER or -f -'] })
  const files = await readManifestFiles(filename, deps.cwd)
  const target = await openTarget(deps)
  const answer = await target.apply(files, { dryRun: true }).finally(() => target.close())
  noteProblems(answer.problems, terminal)
  refuseErrors(answer.problems)
  if (answer.changes.length + answer.problems.length === 0) throw new CliError('no object in what was given')
  const changes = realChanges(answer.changes)
  const { stringifyManifest } = await import('@heddle/api/manifest/stringify')
  const toYaml: ToYaml = (manifest) => (manifest === undefined ? '' : stringifyManifest(manifest))
  for (const change of changes) terminal.write(colourAll(formatDifference(change, toYaml), terminal.style))
  if (changes.length > 0) deps.setExitStatus(DIFFERENT)
}

type ToYaml = (manifest: JsonObject | undefined) => string

function formatDifference({ ref, before, after }: ObjectChange, toYaml: ToYaml): string {
  const name = formatObject(ref)
  const names = { before: before === undefined ? '/dev/null' : `${name} in force`, after: `${name} as given` }
  return formatUnifiedDiff(toYaml(before), toYaml(after), names)
}

function colourAll(text: string, style: Style): string {
  return text
    .split('\n')
    .map((line) => colour(line, style))
    .join('\n')
}

function colour(line: string, style: Style): string {
  if (line.startsWith('---') || line.startsWith('+++')) return style.bold(line)
  if (line.startsWith('-')) return style.red(line)
  return line.startsWith('+') ? style.green(line) : line
}
