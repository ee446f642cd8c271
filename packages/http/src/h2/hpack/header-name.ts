import { isAllOf, LOWER_CASE, TOKEN } from '../../octets.ts'
import { type Indexing, indexingOf } from './indexing.ts'

/**
 * Fields that need a second look in a message of HTTP/2: those of a connection (RFC 9113 §8.2.2), those that the codec turns
 * into parts of a head, and cookies, of which there may be several lines (§8.2.3).
 */
const SPECIAL_NAMES: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'cookie',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
])

/** Where a name is in the static table. */
export interface StaticPlace {
  /** The first entry with the name. */
  readonly index: number
  /** Values of that entry and of those that follow with the same name. */
  readonly values: readonly string[]
}

/** The name of fields. Of equal names there is mostly one object, so that what is known of a name is found out once. */
export class HeaderName {
  readonly text: string
  readonly hash: number
  /** First entry of the static table with that name, or 0. */
  readonly staticIndex: number
  readonly #staticValues: readonly string[]
  readonly indexing: Indexing
  readonly isPseudo: boolean
  /** A token in lower case that means nothing to the codec. */
  readonly isOrdinary: boolean
  /** The name as a string literal, once that was made: by the encoder. */
  literal: Uint8Array | undefined = undefined

  constructor(text: string, place?: StaticPlace) {
    this.text = text
    this.hash = hashOf(text, 0)
    this.staticIndex = place?.index ?? 0
    this.#staticValues = place?.values ?? []
    this.indexing = indexingOf(text)
    this.isPseudo = text.charCodeAt(0) === 0x3a
    this.isOrdinary = isLowerCaseToken(text) && !SPECIAL_NAMES.has(text)
  }

  /** The entry of the static table with this name and `value`, or 0. */
  staticIndexOf(value: string): number {
    const at = this.#staticValues.indexOf(value)
    return at === -1 ? 0 : this.staticIndex + at
  }
}

/** A number of `text` for hash tables; 31 bits. */
export function hashOf(text: string, seed: number): number {
  let hash = seed
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return (hash ^ (hash >>> 15)) & 0x7fff_ffff
}

function isLowerCaseToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (LOWER_CASE[code] !== code) return false
  }
  return isAllOf(text, TOKEN)
}
