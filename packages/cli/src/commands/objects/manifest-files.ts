import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { ManifestFile } from '@heddle/api/manifest'
import { messageOf } from '@heddle/base/message-of'
import { Option } from 'commander'
import { CliError, codeOf } from '../../cli-error.ts'

/** More files than this are no folder of manifests. */
const MAX_FILES = 1000

/** `-f, --filename NAME`, as often as wanted. */
export const filenameOption = (): Option =>
  new Option('-f, --filename <name...>', 'files, folders (with what is below them), or - for the standard input')

/**
 * All files that names stand for: files, folders with all manifests below them, and `-`. Their paths are as the user would write them.
 *
 * @param input - the standard input; read only for `-`
 * @throws {CliError} for what cannot be read, and where there is nothing
 */
export async function readManifestFiles(
  names: readonly string[],
  cwd: string,
  input: NodeJS.ReadableStream = process.stdin,
): Promise<readonly ManifestFile[]> {
  const files = await Promise.all(names.map((name) => (name === '-' ? readInput(input) : readName(name, cwd))))
  return files.flat()
}

async function readInput(input: NodeJS.ReadableStream): Promise<readonly ManifestFile[]> {
  return [{ path: '<stdin>', text: await text(input) }]
}

async function readName(name: string, cwd: string): Promise<readonly ManifestFile[]> {
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
