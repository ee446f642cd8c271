import type { Manifest } from '@heddle/kube/inject/manifest'
import { formatAnnotationProblem } from '@heddle/kube/inject/read-settings'
import type { WorkloadChange, WorkloadReport } from '@heddle/kube/inject/workload'
import { type Command as CommanderCommand, Option } from 'commander'
import { CliError } from '../../cli-error.ts'
import type { CliDeps } from '../../command.ts'
import type { Terminal } from '../../output/terminal.ts'
import type { EditedFile } from './edit-manifests.ts'
import { readInputs } from './read-inputs.ts'

/** Flags of commands that read manifests and print them changed. */
export interface EditFlags {
  readonly recursive?: boolean
  /** As the input came where it is left out. */
  readonly output?: 'yaml' | 'json'
}

/** `FILE|URL|-...`, `-R` and `-o`. */
export function addEditOptions(command: CommanderCommand): CommanderCommand {
  return command
    .argument('<file...>', 'files, folders, URLs, or - for the standard input')
    .option('-R, --recursive', 'look into the folders below folders as well')
    .addOption(new Option('-o, --output <format>', 'output format; as it came unless given').choices(['yaml', 'json']))
}

/** What is to be done with each object, and what it is called when it was done. */
export interface Edit {
  readonly done: string
  change(object: Manifest): WorkloadChange
}

/** Reads, changes, prints and reports; prints nothing where an object is refused, since the next in the pipe would apply the rest. */
export async function runEdit(names: readonly string[], flags: EditFlags & { readonly edit: Edit }, deps: CliDeps) {
  const { edit, output, recursive = false } = flags
  const { editManifests } = await import('./edit-manifests.ts')
  const files = await readInputs(names, { cwd: deps.cwd, clock: deps.clock, recursive })
  const edited = files.map((file) => editManifests(file, (object) => edit.change(object)))
  const reports = edited.flatMap((file) => file.reports)
  if (reports.length === 0) throw new CliError('no object in what was given')
  for (const report of reports) tell(report, edit.done, deps.terminal)
  if (reports.some(({ outcome }) => outcome.kind === 'refused')) {
    throw new CliError('nothing is printed, since not all of it can be done')
  }
  deps.terminal.write(print(edited, output))
}

function print(files: readonly EditedFile[], output: EditFlags['output']): string {
  const isJson = output === 'json' || (output === undefined && files.every((file) => file.isJson))
  if (!isJson) return files.map(({ yaml }) => yaml).join('')
  return files.flatMap(({ objects }) => objects.map((object) => `${JSON.stringify(object, null, 2)}\n`)).join('')
}

function tell({ kind, name, outcome }: WorkloadReport, done: string, terminal: Terminal): void {
  const title = `${kind.toLowerCase()} ${JSON.stringify(name)}`
  const { yellow, red } = terminal.noteStyle
  switch (outcome.kind) {
    case 'changed':
      terminal.note(`${title} ${done}`)
      for (const warning of outcome.warnings) terminal.note(yellow(`warning: ${title}: ${warning}`))
      return
    case 'skipped':
      terminal.note(`${title} skipped: ${outcome.message}`)
      return
    case 'refused':
      for (const problem of outcome.problems) {
        terminal.note(red(`${title} refused: ${formatAnnotationProblem(problem)}`))
      }
  }
}
