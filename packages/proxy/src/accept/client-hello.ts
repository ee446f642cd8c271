/** What a TLS client asks for, in clear. */
export interface ClientHello {
  /** SNI host name, lower case; `undefined` when there is none. */
  readonly serverName: string | undefined
  readonly alpn: readonly string[]
}

/** `incomplete`: more bytes may make it one; `not-tls`: none will. */
export type ClientHelloResult = ClientHello | 'incomplete' | 'not-tls'

const HANDSHAKE_RECORD = 22
const CLIENT_HELLO = 1
const RECORD_HEAD_BYTES = 5
const MAX_RECORD_BYTES = 16_384
const EXTENSION_SERVER_NAME = 0
const EXTENSION_ALPN = 16
const MAX_ALPN_NAMES = 32
/** No honest client cuts its hello finer; it bounds the work of looking again at each new byte. */
const MAX_RECORDS = 16

/**
 * Reads a ClientHello from the first bytes of a connection. RFC 8446 §4.1.2, §5.1; RFC 6066 §3; RFC 7301 §3.1.
 *
 * A hello may be spread over several records. Every length is checked against what encloses it; whatever does not fit
 * makes the whole `not-tls`, and the connection is treated as opaque.
 */
export function readClientHello(bytes: Uint8Array): ClientHelloResult {
  const message = joinRecords(bytes)
  if (typeof message === 'string') return message
  try {
    return readHello(new Reader(message, 4, message.length))
  } catch (error) {
    if (error instanceof RangeError) return 'not-tls'
    throw error
  }
}

/** The handshake message from its type octet on, without record heads. */
function joinRecords(bytes: Uint8Array): Uint8Array | 'incomplete' | 'not-tls' {
  const parts: Uint8Array[] = []
  let gathered = 0
  for (let at = 0; ; ) {
    if (!mayBeRecord(bytes, at)) return 'not-tls'
    if (bytes.length < at + RECORD_HEAD_BYTES) return 'incomplete'
    const length = (bytes[at + 3]! << 8) | bytes[at + 4]!
    if (length === 0 || length > MAX_RECORD_BYTES) return 'not-tls'
    const part = bytes.subarray(at + RECORD_HEAD_BYTES, at + RECORD_HEAD_BYTES + length)
    parts.push(part)
    gathered += part.length
    const joined = parts.length === 1 ? part : gathered >= 4 ? concat(parts, gathered) : undefined
    if (joined !== undefined && joined.length > 0 && joined[0] !== CLIENT_HELLO) return 'not-tls'
    if (joined !== undefined && joined.length >= 4) {
      const total = 4 + ((joined[1]! << 16) | (joined[2]! << 8) | joined[3]!)
      if (joined.length >= total) return joined.subarray(0, total)
    }
    if (parts.length === MAX_RECORDS) return 'not-tls'
    at += RECORD_HEAD_BYTES + length
  }
}

function mayBeRecord(bytes: Uint8Array, at: number): boolean {
  if (bytes.length > at && bytes[at] !== HANDSHAKE_RECORD) return false
  if (bytes.length > at + 1 && bytes[at + 1] !== 3) return false
  return !(bytes.length > at + 2 && bytes[at + 2]! > 4)
}

function concat(parts: readonly Uint8Array[], length: number): Uint8Array {
  const joined = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

function readHello(reader: Reader): ClientHello {
  reader.skip(2 + 32)
  reader.skip(reader.uint8())
  reader.skip(reader.uint16())
  reader.skip(reader.uint8())
  if (reader.left === 0) return { serverName: undefined, alpn: [] }
  return readExtensions(reader.part(reader.uint16()))
}

function readExtensions(extensions: Reader): ClientHello {
  let serverName: string | undefined
  let alpn: readonly string[] = []
  while (extensions.left > 0) {
    const kind = extensions.uint16()
    const content = extensions.part(extensions.uint16())
    if (kind === EXTENSION_SERVER_NAME) serverName = readServerName(content)
    if (kind === EXTENSION_ALPN) alpn = readAlpn(content)
  }
  return { serverName, alpn }
}

function readServerName(content: Reader): string | undefined {
  const names = content.part(content.uint16())
  while (names.left > 0) {
    const kind = names.uint8()
    const name = names.text(names.uint16())
    if (kind === 0) return name.toLowerCase()
  }
  return undefined
}

function readAlpn(content: Reader): readonly string[] {
  const names = content.part(content.uint16())
  const alpn: string[] = []
  while (names.left > 0 && alpn.length < MAX_ALPN_NAMES) alpn.push(names.text(names.uint8()))
  return alpn
}

/** Reads forward within its bounds; throws RangeError beyond them. */
class Reader {
  readonly #bytes: Uint8Array
  readonly #end: number
  #at: number

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes
    this.#at = at
    this.#end = end
  }

  get left(): number {
    return this.#end - this.#at
  }

  uint8(): number {
    return this.#bytes[this.skip(1)]!
  }

  uint16(): number {
    const at = this.skip(2)
    return (this.#bytes[at]! << 8) | this.#bytes[at + 1]!
  }

  part(length: number): Reader {
    const at = this.skip(length)
    return new Reader(this.#bytes, at, at + length)
  }

  text(length: number): string {
    const at = this.skip(length)
    let text = ''
    for (let i = at; i < at + length; i++) text += String.fromCharCode(this.#bytes[i]!)
    return text
  }

  /** @returns where the skipped part began */
  skip(length: number): number {
    if (length > this.left) throw new RangeError(`${length} octets beyond the end`)
    const at = this.#at
    this.#at += length
    return at
  }
}
