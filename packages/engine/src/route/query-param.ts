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
  for (let from = question + 1; from < path.length; ) {
    const ampersand = path.indexOf('&', from)
    const to = ampersand === -1 ? path.length : ampersand
    const value = readPair(path.slice(from, to), name)
    if (value !== undefined) return value
    from = to + 1
  }
  return undefined
}

function readPair(pair: string, name: string): string | undefined {
  const equals = pair.indexOf('=')
  const writtenName = equals === -1 ? pair : pair.slice(0, equals)
  if (writtenName !== name && decode(writtenName) !== name) return undefined
  return equals === -1 ? '' : decode(pair.slice(equals + 1))
}

function decode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
