import { HeaderEntry } from './header-entry.ts'
import { HeaderName } from './header-name.ts'

/** Name and value of entries 1 to 61. RFC 7541 appendix A. */
const LINES: readonly (readonly [string, string])[] = [
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language', ''],
  ['accept-ranges', ''],
  ['accept', ''],
  ['access-control-allow-origin', ''],
  ['age', ''],
  ['allow', ''],
  ['authorization', ''],
  ['cache-control', ''],
  ['content-disposition', ''],
  ['content-encoding', ''],
  ['content-language', ''],
  ['content-length', ''],
  ['content-location', ''],
  ['content-range', ''],
  ['content-type', ''],
  ['cookie', ''],
  ['date', ''],
  ['etag', ''],
  ['expect', ''],
  ['expires', ''],
  ['from', ''],
  ['host', ''],
  ['if-match', ''],
  ['if-modified-since', ''],
  ['if-none-match', ''],
  ['if-range', ''],
  ['if-unmodified-since', ''],
  ['last-modified', ''],
  ['link', ''],
  ['location', ''],
  ['max-forwards', ''],
  ['proxy-authenticate', ''],
  ['proxy-authorization', ''],
  ['range', ''],
  ['referer', ''],
  ['refresh', ''],
  ['retry-after', ''],
  ['server', ''],
  ['set-cookie', ''],
  ['strict-transport-security', ''],
  ['transfer-encoding', ''],
  ['user-agent', ''],
  ['vary', ''],
  ['via', ''],
  ['www-authenticate', ''],
]

/** The names of the static table, each once. */
export const STATIC_NAMES: ReadonlyMap<string, HeaderName> = createNames()

/** Entries 1 to 61 of every connection; entry 0 is none and never asked for. RFC 7541 appendix A. */
export const STATIC_TABLE: readonly HeaderEntry[] = [['', ''] as const, ...LINES].map(
  ([name, value]) => new HeaderEntry(STATIC_NAMES.get(name) ?? new HeaderName(name), value),
)

/** The dynamic table begins here. RFC 7541 §2.3.3. */
export const FIRST_DYNAMIC_INDEX = STATIC_TABLE.length

function createNames(): Map<string, HeaderName> {
  const names = new Map<string, HeaderName>()
  LINES.forEach(([name], at) => {
    if (names.has(name)) return
    const values = LINES.filter(([other]) => other === name).map(([, value]) => value)
    names.set(name, new HeaderName(name, { index: at + 1, values }))
  })
  return names
}
