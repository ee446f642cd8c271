/** Escaped letters, digits, `-`, `.`, `_` and `~`: RFC 3986 §2.3. */
const ESCAPED_UNRESERVED = /%(?:2[de]|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/gi

/**
 * The path in the one spelling of several that rules are matched with, and that the backend gets, so that both read the same: no dot
 * segments, nothing escaped that need not be (RFC 3986 §6.2.2.2 and §6.2.2.3), and no backslash, which is in no path and a slash to
 * browsers and to many a server. The query stays as it is, and so do escaped slashes and empty segments, which are something else
 * than slashes and nothing.
 *
 * @param path - with its query; the very same string comes back where there is nothing to do, as for almost all requests
 */
export function normalizePath(path: string): string {
  if (path.indexOf('/.') === -1 && path.indexOf('%') === -1 && path.indexOf('\\') === -1) return path
  if (!path.startsWith('/')) return path
  const question = path.indexOf('?')
  const end = question === -1 ? path.length : question
  const written = path.slice(0, end)
  const spelled = written.replace(ESCAPED_UNRESERVED, unescapeOne).replaceAll('\\', '/')
  const normal = spelled.includes('/.') ? removeDots(spelled) : spelled
  return normal === written ? path : normal + path.slice(end)
}

function unescapeOne(escaped: string): string {
  return String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
}

/** RFC 3986 §5.2.4. */
function removeDots(path: string): string {
  const kept: string[] = []
  const segments = path.slice(1).split('/')
  for (const [at, segment] of segments.entries()) {
    if (segment === '..') kept.pop()
    if (segment !== '.' && segment !== '..') kept.push(segment)
    else if (at === segments.length - 1) kept.push('')
  }
  return `/${kept.join('/')}`
}
