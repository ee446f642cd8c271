import { describeLaterFormat } from '../state/later-format.ts'
import { CaError } from './ca-error.ts'
import { readPrivateFile, replacePrivateFile } from './private-file.ts'

/** What is kept of a token: never its secret. */
export interface JoinTokenRecord {
  readonly id: string
  /** SHA-256 of the secret, hexadecimal. */
  readonly secretHash: string
  readonly namespace: string
  readonly serviceAccount: string
  readonly expiresMs: number
  readonly reusable: boolean
  /** Who used it up, by the hash of the key, and when; only where it is not reusable. */
  readonly usedBy?: { readonly keyHash: string; readonly atMs: number }
}

/** Where tokens are kept, as it is said of what cannot be read there. */
export interface JoinTokenPlace {
  /** A file or an object. */
  readonly place: string
  /** How to begin anew: what comes behind "or". */
  readonly remedy: string
}

/** Reads the tokens that outlived the last process; none when there is no such file. */
export async function readJoinTokens(file: string): Promise<readonly JoinTokenRecord[]> {
  const text = await readPrivateFile(file)
  const remedy = 'remove it, and make new join tokens for workloads that have yet to join'
  return text === undefined ? [] : parseJoinTokens(text, { place: file, remedy })
}

/** Keeps the tokens for the next process, whole or not at all. */
export async function writeJoinTokens(file: string, records: Iterable<JoinTokenRecord>): Promise<void> {
  await replacePrivateFile(file, formatJoinTokens(records))
}

const FORMAT = 1

/** As {@link parseJoinTokens} reads it. */
export function formatJoinTokens(records: Iterable<JoinTokenRecord>): string {
  return `${JSON.stringify({ version: FORMAT, tokens: [...records] })}\n`
}

/** @throws {CaError} saying what to do: these are no tokens, or those of a later version */
export function parseJoinTokens(text: string, { place, remedy }: JoinTokenPlace): readonly JoinTokenRecord[] {
  const content = parseObject(text)
  const later = describeLaterFormat(content?.version, FORMAT)
  if (later !== undefined) throw new CaError(`${place}: ${later}; go on with that version, or ${remedy}`)
  const { version, tokens } = content ?? {}
  if (version === FORMAT && Array.isArray(tokens) && tokens.every(isRecord)) return tokens
  throw new CaError(`${place}: damaged; ${remedy}`)
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const content: unknown = JSON.parse(text)
    return isObject(content) ? content : undefined
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is JoinTokenRecord {
  if (!isObject(value)) return false
  const texts = ['id', 'secretHash', 'namespace', 'serviceAccount'].every((field) => typeof value[field] === 'string')
  const usedBy = value.usedBy
  const isUseGood =
    usedBy === undefined || (isObject(usedBy) && typeof usedBy.keyHash === 'string' && Number.isFinite(usedBy.atMs))
  return texts && Number.isFinite(value.expiresMs) && typeof value.reusable === 'boolean' && isUseGood
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
