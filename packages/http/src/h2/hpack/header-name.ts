import { isAllOf, TOKEN } from '../../octets.ts'

/** What the encoder does with fields of a name; the reasons are at {@link INDEXING_OF_NAME}. */
export type Indexing =
  /** Goes into the dynamic table when it is first sent. */
  | 'first'
  /** Goes into the dynamic table when it is sent again: what comes once only would push out what is used. */
  | 'repeated'
  /** Never goes into the table. */
  | 'without'
  /** As `without`, and no later hop may put it into one. RFC 7541 §7.1.3. */
  | 'never'

/**
 * As nghttp2 (and so Envoy) has it, but for `:path`: there it is never indexed, since it mostly differs; here one that comes
 * again is (methods of gRPC). Names that are not here are `repeated`.
 */
const INDEXING_OF_NAME: Readonly<Record<string, Indexing>> = {
  ':authority': 'first',
  ':method': 'first',
  ':scheme': 'first',
  ':status': 'first',
  ':protocol': 'first',
  accept: 'first',
  'accept-encoding': 'first',
  'accept-language': 'first',
  'content-encoding': 'first',
  'content-type': 'first',
  'grpc-accept-encoding': 'first',
  'grpc-encoding': 'first',
  'grpc-status': 'first',
  server: 'first',
  te: 'first',
  'user-agent': 'first',
  vary: 'first',
  // Numbers, dates and tags that differ from answer to answer.
  age: 'without',
  'content-length': 'without',
  etag: 'without',
  'if-modified-since': 'without',
  'if-none-match': 'without',
  location: 'without',
  'set-cookie': 'without',
  // Secrets: whoever can make requests on the same connection could otherwise guess them by the size of what is sent.
  authorization: 'never',
  'proxy-authorization': 'never',
}

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

/** The name of fields. Of equal names there is mostly one object, so that what is known of a name is found out once. */
export class HeaderName {
  readonly text: string
  /** First entry of the static table with that name, or 0. */
  readonly staticIndex: number
  readonly indexing: Indexing
  readonly isPseudo: boolean
  /** A token in lower case, neither special (RFC 9113 §8.2.2 and the like) nor of a pseudo-header. */
  readonly isOrdinary: boolean

  constructor(text: string, staticIndex: number) {
    this.text = text
    this.staticIndex = staticIndex
    this.indexing = Object.hasOwn(INDEXING_OF_NAME, text) ? INDEXING_OF_NAME[text]! : 'repeated'
    this.isPseudo = text.charCodeAt(0) === 0x3a
    this.isOrdinary = isAllOf(text, TOKEN) && !/[A-Z]/.test(text) && !SPECIAL_NAMES.has(text)
  }
}
