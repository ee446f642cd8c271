import { stat } from 'node:fs/promises'
import type { Manifests } from '@heddle/api/manifest'
import { codeOf } from '@heddle/base/code-of'
import { messageOf } from '@heddle/base/message-of'
import { readManifests } from '@heddle/control/read-manifests'
import { CliError } from '../cli-error.ts'

/**
 * Reads the manifests below a directory exactly as the control plane does.
 *
 * @throws {CliError} when there is no such directory
 */
export async function readDirectory(directory: string): Promise<Manifests> {
  await refuseOthers(directory)
  return readManifests(directory)
}

async function refuseOthers(directory: string): Promise<void> {
  const hints = ['it has to be a directory of YAML files']
  const found = await stat(directory).catch((error: unknown) => {
    const reason = codeOf(error) === 'ENOENT' ? 'does not exist' : `cannot be read: ${messageOf(error)}`
    throw new CliError(`${directory} ${reason}`, { hints })
  })
  if (!found.isDirectory()) throw new CliError(`${directory} is not a directory`, { hints })
}
