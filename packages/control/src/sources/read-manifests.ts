import { constants } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { fileProblem, MAX_FILE_CHARACTERS, ManifestParser, type Manifests } from '@heddle/api/manifest'
import type { Problem } from '@heddle/api/manifest/problem'
import type { ReadFiles } from './prepare-edit.ts'
import { isWithin, LEADS_OUT, readingReason, type Scan, scanDirectory } from './scan-directory.ts'

/** All objects below a directory or in a file, with what is wrong with them. */
export interface DirectoryReading extends Manifests {
  /** Whether every file could be read; else a later reading may find other contents in the same files. */
  readonly isComplete: boolean
}

/** Reads and checks what {@link scanDirectory} finds below `path`. Never rejects. */
export async function readManifests(path: string): Promise<DirectoryReading> {
  return readScan(path, await scanDirectory(path))
}

/** Reads and checks the files of a scan of `path`; lets others work between two files. Never rejects. */
export async function readScan(path: string, scan: Scan): Promise<DirectoryReading> {
  const problems: Problem[] = [...scan.problems]
  const parser = new ManifestParser()
  let isComplete = true
  for (const file of scan.files) {
    const text = await readText(file, scan.boundary).catch((error: unknown) => {
      problems.push(fileProblem(file, readingReason(error)))
    })
    if (text === undefined) isComplete = false
    else parser.add({ path: file, text })
    await setImmediate()
  }
  if (problems.length > 0) parser.addUnread()
  if (scan.files.length === 0 && problems.length === 0) problems.push(nothingIn(path))
  const manifests = parser.finish()
  return { ...manifests, problems: [...problems, ...manifests.problems], isComplete }
}

/** The texts of the files of a scan, without looking at what they mean. Never rejects. */
export async function readTexts(scan: Scan): Promise<ReadFiles> {
  const problems: Problem[] = [...scan.problems]
  const texts = new Map<string, string>()
  for (const file of scan.files) {
    const text = await readText(file, scan.boundary).catch((error: unknown) => {
      problems.push(fileProblem(file, readingReason(error)))
    })
    if (text !== undefined) texts.set(file, text)
  }
  return { texts, problems, signature: scan.signature }
}

class UnreadableError extends Error {
  override readonly name = 'UnreadableError'
}

/**
 * Since the scan it may have become a link out of the directory or a FIFO, or it may be a file of /proc: some are waited for, or
 * go on, for ever.
 */
async function readText(path: string, boundary: string | undefined): Promise<string> {
  const real = await realpath(path)
  if (!isWithin(real, boundary)) throw new UnreadableError(`it ${LEADS_OUT}`)
  await using file = await open(real, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  if (!(await file.stat()).isFile()) throw new UnreadableError('it is not a regular file')
  const bytes = await buffer(file.createReadStream({ end: MAX_FILE_CHARACTERS, autoClose: false }))
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new UnreadableError('it is not UTF-8')
  }
}

function nothingIn(file: string): Problem {
  return { ...fileProblem(file, 'there is no .yaml, .yml or .json file here'), severity: 'warning' }
}
