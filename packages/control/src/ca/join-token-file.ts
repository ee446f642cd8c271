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

/** Reads the tokens that outlived the last process; none when there is no such file. */
export async function readJoinTokens(file: string): Promise<readonly JoinTokenRecord[]> {
  const text = await readPrivateFile(file)
  if (text === undefined) return []
  const records = parseJoinTokens(text)
  if (records === undefined) {
    throw new CaError(`${file}: damaged; remove it, and make new join tokens for workloads that have yet to join`)
  }
  return records
}

/** Keeps the tokens for the next process, whole or not at all. */
export async function writeJoinTokens(file: string, records: Iterable<JoinTokenRecord>): Promise<void> {
  await replacePrivateFile(file, formatJoinTokens(records))
}

/** As {@link parseJoinTokens} reads it. */
export function formatJoinTokens(records: Iterable<JoinTokenRecord>): string {
  return `${JSON.stringify({ version: 1, tokens: [...records] })}\n`
}

/** `undefined`: these are no tokens. */
export function parseJoinTokens(text: string): readonly JoinTokenRecord[] | undefined {
  try {
    const content: unknown = JSON.parse(text)
    if (!isObject(content) || content.version !== 1 || !Array.isArray(content.tokens)) return undefined
    return content.tokens.every(isRecord) ? content.tokens : undefined
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
