import { mkdir, realpath, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { replaceFile } from '../state/write-file.ts'
import type { FileWrite } from './object-edit.ts'

const NEW_FILE_MODE = 0o644

/**
 * Writes all of the files; when one cannot be written, those before it get back what they held.
 *
 * @throws what the file system says
 */
export async function writeFiles(writes: readonly FileWrite[]): Promise<void> {
  const done: FileWrite[] = []
  try {
    for (const write of writes) {
      await putText(write.path, write.after)
      done.push(write)
    }
  } catch (error) {
    for (const { path, before } of done.reverse()) await putText(path, before).catch(() => undefined)
    throw error
  }
}

async function putText(path: string, text: string | undefined): Promise<void> {
  if (text === undefined) return await rm(path, { force: true })
  await mkdir(dirname(path), { recursive: true })
  // A link stays one: what it leads to gets the text.
  const real = await realpath(path).catch(() => path)
  const mode = await stat(real).then(
    (stats) => stats.mode & 0o777,
    () => NEW_FILE_MODE,
  )
  await replaceFile(real, text, mode)
}
