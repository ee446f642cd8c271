import { open, readFile, rename, rm } from 'node:fs/promises'

/**
 * Replaces a file whole or not at all: what is read afterwards is the old content or the new, also after a crash or
 * when the disk is full.
 *
 * @param mode - of the new file, for example 0o600
 */
export async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    // One may be left from a crash. What somebody else has put there, a link for example, must not be written through.
    await rm(temporary, { force: true })
    await using file = await open(temporary, 'wx', mode)
    // The umask may have taken bits away.
    await file.chmod(mode)
    await file.writeFile(content)
    await file.sync()
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** The same, unless the file says that already: then nothing can fail, whatever the disk is like. */
export async function ensureFile(path: string, content: string, mode: number): Promise<void> {
  const present = await readFile(path, 'utf8').catch(() => undefined)
  if (present !== content) await replaceFile(path, content, mode)
}
