/** Longer queries are taken apart once: many rules may ask for many parameters, and who sends the query must not make that slow. */
const LONG_QUERY = 512

/** The last long query. */
let lastLong: { readonly path: string; readonly values: ReadonlyMap<string, string> } | undefined

/**
 * The first value of a query parameter, decoded as browsers do (`+` is a space; what is not valid percent-encoding stays as it
 * is), or `undefined`. Only looked for when a rule asks, so that other requests never pay for it.
 *
 * @param path - path and query
 * @param name - as it is after decoding
 */
export function readQueryParam(path: string, name: string): string | undefined {
  const question = path.indexOf('?')
  if (question === -1) return undefined
  if (path.length - question > LONG_QUERY) {
    const value = longQuery(path, question).get(name)
    return value === undefined ? undefined : decode(value)
  }
  const isPlain = !isEncoded(name) && !isEncoded(path, question)
  for (let from = question + 1; from < path.length; ) {
    const ampersand = path.indexOf('&', from)
    const to = ampersand === -1 ? path.length : ampersand
    // Most queries are plain, and then nothing is cut out of them but the value.
    const value = isPlain ? readPlainPair(path, name, { from, to }) : readPair(path.slice(from, to), name)
    if (value !== undefined) return value
    from = to + 1
  }
  return undefined
}

/** First value of each parameter, not decoded yet. Kept as long as a decision takes, no longer: it may be large. */
function longQuery(path: string, question: number): ReadonlyMap<string, string> {
  if (lastLong?.path === path) return lastLong.values
  const values = new Map<string, string>()
  for (const pair of path.slice(question + 1).split('&')) {
    const equals = pair.indexOf('=')
    const name = decode(equals === -1 ? pair : pair.slice(0, equals))
    if (!values.has(name)) values.set(name, equals === -1 ? '' : pair.slice(equals + 1))
  }
  if (lastLong === undefined) queueMicrotask(() => (lastLong = undefined))
  lastLong = { path, values }
  return values
}

function readPlainPair(path: string, name: string, pair: { readonly from: number; readonly to: number }) {
  const after = pair.from + name.length
  if (after > pair.to || !path.startsWith(name, pair.from)) return undefined
  if (after === pair.to) return ''
  return path[after] === '=' ? path.slice(after + 1, pair.to) : undefined
}

function readPair(pair: string, name: string): string | undefined {
  const equals = pair.indexOf('=')
  if (decode(equals === -1 ? pair : pair.slice(0, equals)) !== name) return undefined
  return equals === -1 ? '' : decode(pair.slice(equals + 1))
}

function isEncoded(text: string, from = 0): boolean {
  return text.includes('%', from) || text.includes('+', from)
}

function decode(text: string): string {
  if (!isEncoded(text)) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
