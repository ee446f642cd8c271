/** A request as a plain reading of RFC 9112 finds it. */
export interface ReferenceRequest {
  readonly method: string
  readonly target: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: string
  /** What is left after the request. */
  readonly rest: string
}

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~\dA-Za-z]+) ([\x21\x22\x24-\x7e]+) HTTP\/1\.1$/
const FIELD = /^([!#$%&'*+\-.^_`|~\dA-Za-z]+):[\t ]*((?:[\x21-\x7e\x80-\xff]|[\t ]+(?=[\x21-\x7e\x80-\xff]))*)[\t ]*$/
const CHUNK = /^([\dA-Fa-f]{1,16})\r\n/

/**
 * Reads a request as it must leave us: in HTTP/1.1, with one Host, one framing, no extensions. Written apart from the codec
 * and in another way, so that both do not share their mistakes.
 *
 * @param octets - Latin-1
 * @throws {Error} when it is not one complete such request
 */
export function readReferenceRequest(octets: string): ReferenceRequest {
  const headEnd = octets.indexOf('\r\n\r\n')
  if (headEnd === -1) throw new Error('no end of the head')
  const [requestLine = '', ...lines] = octets.slice(0, headEnd).split('\r\n')
  const [, method = '', target = ''] = match(REQUEST_LINE, requestLine)
  const fields = lines.map(readField)
  const valuesOf = (name: string) => fields.filter(([other]) => other === name).map(([, value]) => value)
  if (valuesOf('host').length !== 1) throw new Error('not one Host')
  const codings = valuesOf('transfer-encoding')
  const lengths = valuesOf('content-length')
  if (codings.length + lengths.length > 1) throw new Error('more than one framing')
  const body = octets.slice(headEnd + 4)
  if (codings.length === 1) {
    if (codings[0] !== 'chunked') throw new Error('another coding')
    return { method, target, fields, ...readChunks(body) }
  }
  const length = Number(match(/^\d+$/, lengths[0] ?? '0')[0])
  if (body.length < length) throw new Error('a short body')
  return { method, target, fields, body: body.slice(0, length), rest: body.slice(length) }
}

function readField(line: string): readonly [string, string] {
  const [, name = '', value = ''] = match(FIELD, line)
  return [name.toLowerCase(), value]
}

function readChunks(octets: string): { readonly body: string; readonly rest: string } {
  let body = ''
  let left = octets
  for (;;) {
    const [line = '', digits = ''] = match(CHUNK, left)
    const size = Number.parseInt(digits, 16)
    left = left.slice(line.length)
    if (size === 0) return { body, rest: skipTrailers(left) }
    if (left.slice(size, size + 2) !== '\r\n') throw new Error('a chunk without end')
    body += left.slice(0, size)
    left = left.slice(size + 2)
  }
}

function skipTrailers(octets: string): string {
  let left = octets
  while (!left.startsWith('\r\n')) {
    const end = left.indexOf('\r\n')
    if (end === -1) throw new Error('trailers without end')
    readField(left.slice(0, end))
    left = left.slice(end + 2)
  }
  return left.slice(2)
}

function match(pattern: RegExp, text: string): RegExpExecArray {
  const found = pattern.exec(text)
  if (found === null) throw new Error(`${JSON.stringify(text.slice(0, 100))} does not match ${pattern}`)
  return found
}
