import { open, rename, rm } from 'node:fs/promises'

/**
 * Replaces a file whole or not at all: what is read afterwards is the old content or the new, also after a crash or
 * when the disk is full.
 *
 * @param mode - of the new file, for example 0o600
 */
export async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await using file = await open(temporary, 'w', mode)
    // The umask may have taken bits away or the file be left from a crash with other ones.
    await file.chmod(mode)
    await file.writeFile(content)
    await file.sync()
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
