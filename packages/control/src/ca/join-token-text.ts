import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** A join token in its parts: `hdl1.ID.SECRET`. */
export interface JoinTokenText {
  /** Not secret: names the token in the store and in logs. */
  readonly id: string
  readonly secret: string
}

const TOKEN = /^hdl1\.([A-Za-z0-9_-]{12})\.([A-Za-z0-9_-]{43})$/
const ID_BYTES = 9
const SECRET_BYTES = 32

/** A new token of 256 bits of chance. */
export function createJoinTokenText(): JoinTokenText {
  return { id: randomBytes(ID_BYTES).toString('base64url'), secret: randomBytes(SECRET_BYTES).toString('base64url') }
}

/** Writes a token as users carry it. */
export function formatJoinToken({ id, secret }: JoinTokenText): string {
  return `hdl1.${id}.${secret}`
}

/** Reads what {@link formatJoinToken} wrote; `undefined` for anything else. */
export function parseJoinToken(text: string): JoinTokenText | undefined {
  const match = TOKEN.exec(text)
  return match === null ? undefined : { id: match[1]!, secret: match[2]! }
}

/** SHA-256 in hexadecimal. Enough without salt or stretching, since the secret has 256 bits. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** Compares in constant time. */
export function isSecretOf(secret: string, hash: string): boolean {
  const stored = Buffer.from(hash, 'hex')
  const given = Buffer.from(hashSecret(secret), 'hex')
  return stored.length === given.length && timingSafeEqual(stored, given)
}
