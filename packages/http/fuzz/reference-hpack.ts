import { CODE_BITS, CODES, EOS } from '../src/h2/hpack/huffman-code.ts'
import { STATIC_TABLE } from '../src/h2/hpack/static-table.ts'

type Line = readonly [name: string, value: string]

const FIRST_DYNAMIC = 62
const LONGEST_INTEGER_OCTETS = 5
const SYMBOL_OF_BITS: ReadonlyMap<string, number> = new Map(
  Array.from(CODES, (code, symbol) => [code.toString(2).padStart(CODE_BITS[symbol]!, '0'), symbol] as const),
)

/**
 * A plain reading of RFC 7541, bit by bit and without any limit but those of table and integers. Written apart from the codec and
 * in another way, so that both do not share their mistakes; the two tables of the RFC are shared.
 */
export class ReferenceHpack {
  #table: Line[] = []
  #maxBytes = 4096
  readonly #mostBytes = 4096
  #rest: number[] = []

  /** @throws {Error} when it is not a header block */
  decode(block: Uint8Array): Line[] {
    this.#rest = [...block]
    const lines: Line[] = []
    while (this.#rest.length > 0) {
      const line = this.#next(lines.length === 0)
      if (line !== undefined) lines.push(line)
    }
    return lines
  }

  #next(isFirst: boolean): Line | undefined {
    const bits = this.#rest[0]!.toString(2).padStart(8, '0')
    if (bits.startsWith('1')) return this.#lineAt(this.#integer(7))
    if (bits.startsWith('01')) return this.#add(this.#literal(6))
    if (!bits.startsWith('001')) return this.#literal(4)
    const bytes = this.#integer(5)
    if (!isFirst || bytes > this.#mostBytes) throw new Error('a table size')
    this.#maxBytes = bytes
    this.#evict()
    return undefined
  }

  #literal(prefixBits: number): Line {
    const index = this.#integer(prefixBits)
    const name = index === 0 ? this.#string() : this.#lineAt(index)[0]
    return [name, this.#string()]
  }

  #add(line: Line): Line {
    this.#table.unshift(line)
    this.#evict()
    return line
  }

  #evict(): void {
    const bytes = () => this.#table.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0)
    while (bytes() > this.#maxBytes) this.#table.pop()
  }

  #lineAt(index: number): Line {
    if (index > 0 && index < FIRST_DYNAMIC) return [STATIC_TABLE[index]!.name, STATIC_TABLE[index]!.value]
    const line = this.#table[index - FIRST_DYNAMIC]
    if (line === undefined) throw new Error('an index')
    return line
  }

  #integer(prefixBits: number): number {
    const most = 2 ** prefixBits - 1
    const prefix = this.#octet() % (most + 1)
    if (prefix < most) return prefix
    let value = prefix
    for (let octets = 1; octets < LONGEST_INTEGER_OCTETS; octets++) {
      const octet = this.#octet()
      value += (octet % 128) * 128 ** (octets - 1)
      if (octet < 128) return value
    }
    throw new Error('a long integer')
  }

  #string(): string {
    const isHuffman = (this.#rest[0] ?? 0) >= 128
    const length = this.#integer(7)
    if (length > this.#rest.length) throw new Error('a string cut short')
    const octets = this.#rest.splice(0, length)
    return isHuffman ? readBits(octets) : String.fromCharCode(...octets)
  }

  #octet(): number {
    const octet = this.#rest.shift()
    if (octet === undefined) throw new Error('a block cut short')
    return octet
  }
}

function readBits(octets: readonly number[]): string {
  let text = ''
  let code = ''
  for (const bit of octets.map((octet) => octet.toString(2).padStart(8, '0')).join('')) {
    code += bit
    const symbol = SYMBOL_OF_BITS.get(code)
    if (symbol === undefined) continue
    if (symbol === EOS) throw new Error('EOS')
    text += String.fromCharCode(symbol)
    code = ''
  }
  if (code.length > 7 || code.includes('0')) throw new Error('no padding')
  return text
}
