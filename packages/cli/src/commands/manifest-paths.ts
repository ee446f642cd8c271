import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '@heddle/base/code-of'
import { messageOf } from '@heddle/base/message-of'
import { CliError } from '../cli-error.ts'

/** A folder that a user named. */
export interface NamedFolder {
  /** As the user wrote it. */
  readonly name: string
  readonly path: string
  /** Whether folders below it are looked into as well. */
  readonly recursive: boolean
}

/** More files than this are no folder of manifests. */
const MAX_FILES = 1000

/** Paths of the manifests in a folder, sorted. @throws {CliError} where there is none, or far too many */
export async function listManifests({ name, path, recursive }: NamedFolder): Promise<readonly string[]> {
  const entries = await readdir(path, { recursive, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && /\.(ya?ml|json)$/.test(entry.name))
  if (files.length === 0) {
    const hints = recursive ? [] : ['with -R folders below it are looked into as well']
    throw new CliError(`${name}: no .yaml, .yml or .json file in it`, { hints })
  }
  if (files.length > MAX_FILES) throw new CliError(`${name}: more than ${MAX_FILES} files`)
  return files.map((entry) => join(entry.parentPath, entry.name)).sort()
}

/** What is told of a file or folder that cannot be read. @param name - as the user wrote it */
export function unreadable(name: string, error: unknown): CliError {
  return error instanceof CliError ? error : new CliError(`cannot read ${name}: ${reasonOf(error)}`, { cause: error })
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
