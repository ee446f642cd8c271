import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { ManifestFile } from '@heddle/api/manifest'
import type { Problem } from '@heddle/api/manifest/problem'
import { CliError, codeOf, messageOf } from '../cli-error.ts'
import type { CliDeps, Command } from '../command.ts'
import { formatJson } from '../output/json.ts'
import { outputOption } from './resource-options.ts'

/** More files than this are no folder of manifests. */
const MAX_FILES = 1000

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
  const files = (await Promise.all(names.map((name) => readManifests(name, deps.cwd)))).flat()
  const { objects, problems } = parseManifests(files, { nowMs: deps.clock.nowMs() })
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

/** All files that a name stands for; their paths are as the user would write them. */
async function readManifests(name: string, cwd: string): Promise<readonly ManifestFile[]> {
  if (name === '-') return [{ path: '<stdin>', text: await text(process.stdin) }]
  const path = resolve(cwd, name)
  try {
    const isFolder = (await stat(path)).isDirectory()
    const paths = isFolder ? await listManifests(path) : [path]
    return await Promise.all(
      paths.map(async (file) => ({
        path: isFolder ? join(name, relative(path, file)) : name,
        text: await readFile(file, 'utf8'),
      })),
    )
  } catch (error) {
    throw error instanceof CliError ? error : new CliError(`cannot read ${name}: ${reasonOf(error)}`)
  }
}

function reasonOf(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
      return 'there is no such file or folder'
    case 'EACCES':
      return 'this user may not'
    default:
      return messageOf(error)
  }
}

async function listManifests(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && /\.(ya?ml|json)$/.test(entry.name))
  if (files.length === 0) throw new CliError(`${folder}: no .yaml, .yml or .json file in it`)
  if (files.length > MAX_FILES) throw new CliError(`${folder}: more than ${MAX_FILES} files`)
  return files.map((entry) => join(entry.parentPath, entry.name)).sort()
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
