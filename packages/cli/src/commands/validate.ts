import type { Problem } from '@heddle/api/manifest/problem'
import { CliError } from '../cli-error.ts'
import type { CliDeps, Command } from '../command.ts'
import { formatJson } from '../output/json.ts'
import { readManifestFiles } from './objects/manifest-files.ts'
import { outputOption } from './resource-options.ts'

interface Options {
  readonly output: string
}

/** `heddle validate`: the problems of manifests, without any mesh. */
export const validate: Command = {
  register(program, deps) {
    program
      .command('validate')
      .description('Check manifests as "heddle up" does, and show every problem with its place.')
      .argument('<file...>', 'files, folders (with what is below them), or - for the standard input')
      .addOption(outputOption(['text', 'json']))
      .action((names: string[], options: Options) => runValidate(names, options, deps))
  },
}

async function runValidate(names: readonly string[], options: Options, deps: CliDeps): Promise<void> {
  const { parseManifests } = await import('@heddle/api/manifest')
  const { formatProblem } = await import('@heddle/api/manifest/problem')
  const files = await readManifestFiles(names, deps.cwd)
  const { objects, problems } = parseManifests(files, { nowMs: deps.clock.nowMs() })
  if (objects.length + problems.length === 0) throw new CliError('no object in what was given')
  const isRefused = problems.some(isError)
  if (isRefused) deps.setExitStatus(1)
  if (options.output === 'json') {
    deps.terminal.write(formatJson(problems))
    return
  }
  for (const problem of problems) deps.terminal.note(formatProblem(problem))
  if (!isRefused) deps.terminal.write(`${count(objects.length, 'object')} in ${count(files.length, 'file')}: valid\n`)
}

function isError({ severity }: Problem): boolean {
  return severity === 'error'
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
