import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf } from '@heddle/base/code-of'

/**
 * Makes a directory and those above it. (`mkdir` with `recursive` never comes back below /proc, on Node 24.)
 *
 * @param mode - of each directory that is made
 * @throws {Error} as mkdir does
 */
export async function makeDirectory(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode })
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error
    await makeDirectory(dirname(path), mode)
    await mkdirOnce(path, mode)
  }
}

/** Another process may make it at the same time. */
async function mkdirOnce(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}
