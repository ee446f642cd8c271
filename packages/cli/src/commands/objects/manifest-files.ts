import { readFile, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { ManifestFile } from '@heddle/api/manifest'
import { Option } from 'commander'
import { listManifests, unreadable } from '../manifest-paths.ts'

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
    const paths = isFolder ? await listManifests({ name, path, recursive: true }) : [path]
    return await Promise.all(
      paths.map(async (file) => ({
        path: isFolder ? join(name, relative(path, file)) : name,
        text: await readFile(file, 'utf8'),
      })),
    )
  } catch (error) {
    throw unreadable(name, error)
  }
}
