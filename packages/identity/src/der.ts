/**
 * DER (X.690), as much of it as a certificate request needs to be written and a certificate needs to be read. A proxy
 * holds no ASN.1 library: one costs it several MB of private memory, more than everything else it keeps while idle.
 */
export const DER_TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** Bytes that are not DER, or not the DER that was expected. */
export class DerError extends Error {
  override readonly name = 'DerError'
}

/** Writes one element: tag, length, then `contents` one after the other. */
export function writeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const content of contents) length += content.length
  const head = lengthOctets(length)
  const out = new Uint8Array(1 + head.length + length)
  out[0] = tag
  out.set(head, 1)
  let at = 1 + head.length
  for (const content of contents) {
    out.set(content, at)
    at += content.length
  }
  return out
}

function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length]
  if (length < 0x100) return [0x81, length]
  if (length < 0x1_0000) return [0x82, length >> 8, length & 0xff]
  throw new DerError(`an element of ${length} octets is larger than anything written here`)
}

/** Writes an object identifier given as dotted text, for example `2.5.29.17`. */
export function writeOid(dotted: string): Uint8Array {
  const [first, second, ...rest] = dotted.split('.').map(Number)
  const octets: number[] = []
  for (const arc of [first! * 40 + second!, ...rest]) octets.push(...base128(arc))
  return writeDer(DER_TAG.oid, Uint8Array.from(octets))
}

function base128(arc: number): readonly number[] {
  const septets = [arc & 0x7f]
  for (let rest = arc >>> 7; rest > 0; rest >>>= 7) septets.unshift((rest & 0x7f) | 0x80)
  return septets
}

/** One element of DER; `content` is a view, not a copy. */
export interface DerElement {
  readonly tag: number
  readonly content: Uint8Array
}

/** Reads elements one after the other from `octets`; throws {@link DerError} at anything that is not DER. */
export class DerReader {
  readonly #octets: Uint8Array
  #at = 0

  constructor(octets: Uint8Array) {
    this.#octets = octets
  }

  get atEnd(): boolean {
    return this.#at === this.#octets.length
  }

  /** The tag of the next element, or `undefined` at the end. */
  peekTag(): number | undefined {
    return this.#octets[this.#at]
  }

  /** The next element, whatever it is. */
  next(): DerElement {
    const tag = this.#octets[this.#at]
    if (tag === undefined) throw new DerError('an element is missing')
    if ((tag & 0x1f) === 0x1f) throw new DerError('tags of several octets have no place here')
    this.#at += 1
    const length = this.#length()
    const end = this.#at + length
    if (end > this.#octets.length) throw new DerError('an element is longer than what holds it')
    const content = this.#octets.subarray(this.#at, end)
    this.#at = end
    return { tag, content }
  }

  /** The content of the next element, which must have `tag`. */
  take(tag: number): Uint8Array {
    const element = this.next()
    if (element.tag !== tag) throw new DerError(`expected tag ${tag}, found ${element.tag}`)
    return element.content
  }

  /** Must be called where nothing may follow. */
  end(): void {
    if (!this.atEnd) throw new DerError('octets after the last element')
  }

  /** X.690 §10.1: the definite form in the fewest octets, nothing else. */
  #length(): number {
    const first = this.#octets[this.#at++]
    if (first === undefined) throw new DerError('a length is missing')
    if (first < 0x80) return first
    const count = first & 0x7f
    if (count === 0 || count > 3) throw new DerError('a length of no form that DER has, or above 16 MB')
    let length = 0
    for (let i = 0; i < count; i++) {
      const octet = this.#octets[this.#at++]
      if (octet === undefined) throw new DerError('a length is cut off')
      length = length * 256 + octet
    }
    if (length < 0x80 || length < 2 ** (8 * (count - 1))) throw new DerError('a length in more octets than needed')
    return length
  }
}
