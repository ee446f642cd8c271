import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Clock } from '@heddle/base/clock'
import { codeOf } from '@heddle/base/code-of'
import { messageOf } from '@heddle/base/message-of'
import { CliError } from '../../cli-error.ts'
import { listManifests, unreadable } from '../manifest-paths.ts'

/** A file as it was read. */
export interface InputFile {
  /** As it is to be shown. */
  readonly name: string
  readonly text: string
}

/** How names become files. */
export interface InputOptions {
  readonly cwd: string
  readonly clock: Clock
  /** Folders with all that is below them, instead of only what lies in them. */
  readonly recursive: boolean
}

/** Clusters print lists of everything; more than this is no manifest. */
const MAX_CHARACTERS = 64 * 1024 * 1024
const FETCH_MS = 15_000

/** Reads files, folders, URLs (`http://`, `https://`) and, for `-`, the standard input. @throws {CliError} */
export async function readInputs(names: readonly string[], options: InputOptions): Promise<readonly InputFile[]> {
  const files: InputFile[] = []
  for (const name of names) files.push(...(await readName(name, options)))
  const large = files.find((file) => file.text.length > MAX_CHARACTERS)
  if (large !== undefined) throw new CliError(`${large.name} has more than ${MAX_CHARACTERS} characters`)
  return files
}

async function readName(name: string, options: InputOptions): Promise<readonly InputFile[]> {
  if (name === '-') return [{ name: '<stdin>', text: await text(process.stdin) }]
  if (/^https?:\/\//.test(name)) return [{ name, text: await fetchText(name, options.clock) }]
  try {
    const path = resolve(options.cwd, name)
    if (!(await stat(path)).isDirectory()) return [{ name, text: await readFile(path, 'utf8') }]
    return await readFolder(name, path, options.recursive)
  } catch (error) {
    throw unreadable(name, error)
  }
}

async function readFolder(name: string, path: string, recursive: boolean): Promise<readonly InputFile[]> {
  const paths = await listManifests({ name, path, recursive })
  return await Promise.all(paths.map(async (file) => ({ name: file, text: await readFile(file, 'utf8') })))
}

async function fetchText(url: string, clock: Clock): Promise<string> {
  const late = new AbortController()
  const timer = clock.after(FETCH_MS, () => late.abort(new Error(`no answer within ${FETCH_MS / 1000} s`)))
  try {
    const answer = await fetch(url, { signal: late.signal })
    if (!answer.ok) throw new Error(`the answer is ${answer.status} ${answer.statusText}`)
    return await readBounded(answer)
  } catch (error) {
    throw new CliError(`cannot read ${url}: ${reasonOf(error)}`, { cause: error })
  } finally {
    timer.cancel()
  }
}

/** What `fetch` throws says only that it failed; why is in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof TypeError && error.cause instanceof Error ? error.cause : error
  // Where a name has several addresses the message is empty.
  return messageOf(cause) || (codeOf(cause) ?? 'no connection')
}

async function readBounded({ body }: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > MAX_CHARACTERS) throw new Error(`it has more than ${MAX_CHARACTERS} characters`)
  }
  return text + decoder.decode()
}
