import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { MeshObject } from '@heddle/api/kinds'
import { formatRef, refOf } from '@heddle/api/kinds'
import { type ManifestFile, parseManifests } from '@heddle/api/manifest'
import type { Problem } from '@heddle/api/manifest/problem'
import { CliError, codeOf, messageOf } from '../cli-error.ts'

/** What a directory of YAML holds. */
export interface DirectoryContent {
  readonly objects: readonly MeshObject[]
  readonly problems: readonly Problem[]
  /** Path of the file that holds an object, by `formatRef`; relative paths in a Workload start from there. */
  readonly fileOf: ReadonlyMap<string, string>
}

const MANIFEST = /\.(ya?ml|json)$/

/**
 * Reads every `.yaml`, `.yml` and `.json` file directly in a directory, as the control plane does.
 *
 * @throws {CliError} when the directory cannot be read
 */
export async function readDirectory(directory: string): Promise<DirectoryContent> {
  const files = await readFiles(directory)
  const { objects, problems } = parseManifests(files)
  const fileOf = new Map<string, string>()
  for (const file of files) {
    for (const object of parseManifests([file]).objects) fileOf.set(formatRef(refOf(object)), file.path)
  }
  return { objects, problems, fileOf }
}

async function readFiles(directory: string): Promise<readonly ManifestFile[]> {
  try {
    const names = (await readdir(directory)).filter((name) => MANIFEST.test(name) && !name.startsWith('.')).sort()
    const paths = names.map((name) => join(directory, name))
    return await Promise.all(paths.map(async (path) => ({ path, text: await readFile(path, 'utf8') })))
  } catch (error) {
    throw new CliError(describeFailure(directory, error), { hints: ['it has to be a directory of YAML files'] })
  }
}

function describeFailure(directory: string, error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
      return `${directory} does not exist`
    case 'ENOTDIR':
      return `${directory} is not a directory`
    default:
      return `cannot read ${directory}: ${messageOf(error)}`
  }
}

/** Names, sizes and times of the manifests: different when any of them was changed. */
export async function directoryStamp(directory: string): Promise<string> {
  try {
    const names = (await readdir(directory)).filter((name) => MANIFEST.test(name)).sort()
    const stats = await Promise.all(names.map((name) => stat(resolve(directory, name)).catch(() => undefined)))
    return names.map((name, i) => `${name} ${stats[i]?.size} ${stats[i]?.mtimeMs} ${stats[i]?.ino}`).join('\n')
  } catch (error) {
    return `unreadable: ${codeOf(error)}`
  }
}
