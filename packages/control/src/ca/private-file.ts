import { randomBytes } from 'node:crypto'
import { link, lstat, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { codeOf } from '@heddle/base/code-of'
import { CaError } from './ca-error.ts'

const OTHERS = 0o077

/** Makes `dir` readable by its owner only, or checks that an existing one is. */
export async function ensurePrivateDirectory(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await requirePrivateDirectory(dir)
}

/**
 * Checks that `dir` is a directory which only its owner can read.
 *
 * @returns whether it is there
 */
export async function requirePrivateDirectory(dir: string): Promise<boolean> {
  const found = await lstat(dir).catch(ignoreMissing)
  if (found === undefined) return false
  if (!found.isDirectory()) throw new CaError(`${dir} is not a directory`)
  if (isOpenToOthers(found.mode)) {
    throw new CaError(`${dir} is open to other users (mode ${octal(found.mode)}); run: chmod 700 ${dir}`)
  }
  return true
}

/**
 * Reads a file that holds secrets.
 *
 * @returns `undefined` when there is no such file
 * @throws {CaError} when other users may read or write it, or it is no plain file
 */
export async function readPrivateFile(file: string): Promise<string | undefined> {
  const found = await lstat(file).catch(ignoreMissing)
  if (found === undefined) return undefined
  if (!found.isFile()) throw new CaError(`${file} is not a plain file`)
  if (isOpenToOthers(found.mode)) {
    throw new CaError(`${file} is open to other users (mode ${octal(found.mode)}); run: chmod 600 ${file}`)
  }
  return await readFile(file, 'utf8')
}

/** Puts `text` at `file`, whole or not at all, also if the machine stops meanwhile. */
export async function replacePrivateFile(file: string, text: string): Promise<void> {
  const temporary = await writeTemporary(file, text)
  await rename(temporary, file).catch((error) => removeAndThrow(temporary, error))
  await syncDirectory(dirname(file))
}

/**
 * As {@link replacePrivateFile}, but only if there is no such file: of several processes that do it at once exactly
 * one succeeds.
 *
 * @returns whether this call made the file
 */
export async function createPrivateFile(file: string, text: string): Promise<boolean> {
  const temporary = await writeTemporary(file, text)
  try {
    // A link, unlike a rename, fails where the name is taken; unlike O_EXCL, it never shows half a file.
    await link(temporary, file)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
  await syncDirectory(dirname(file))
  return true
}

async function writeTemporary(file: string, text: string): Promise<string> {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`)
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } catch (error) {
    return await removeAndThrow(temporary, error)
  } finally {
    await handle.close()
  }
  return temporary
}

/** Without it a rename may be lost when the power fails, though the file's own content is safe. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function removeAndThrow(file: string, error: unknown): Promise<never> {
  await rm(file, { force: true })
  throw error
}

function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined
  throw error
}

function isOpenToOthers(mode: number): boolean {
  return (mode & OTHERS) !== 0
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0')
}
