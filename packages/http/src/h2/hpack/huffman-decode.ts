import { Buffer } from 'node:buffer'
import { HttpError } from '../../http-error.ts'
import type { Latin1Buffer } from '../../octets.ts'
import { CODE_BITS, CODES, CODES_OF_LENGTH, EOS, LONGEST_CODE_BITS, SYMBOLS } from './huffman-code.ts'

/** Enough for all octets that are common in fields; the table has 2 KiB and so stays in the first cache. */
const SHORT_BITS = 10
const SHORT_MASK = (1 << SHORT_BITS) - 1
const SHORTEST_CODE_BITS = 5

/** For each next ten bits the symbol they begin with, times 16, and the bits of its code; 0 where that has more than ten. */
const SHORT_CODES = createShortCodes()

/** Texts are put together here: only one is at a time. */
const scratch = Buffer.allocUnsafeSlow(4096) as Latin1Buffer

/**
 * The text whose Huffman code the octets from `start` to `end` are. RFC 7541 §5.2.
 *
 * @throws {HttpError} header_compression: EOS is in it, or what is left at its end is not padding
 */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string {
  const mostSymbols = ((end - start) * 8) / SHORTEST_CODE_BITS
  const into = mostSymbols <= scratch.length ? scratch : (Buffer.allocUnsafeSlow(mostSymbols) as Latin1Buffer)
  let length = 0
  let at = start
  // The lowest `bits` bits of `held` are not decoded yet.
  let held = 0
  let bits = 0
  for (;;) {
    while (bits <= 16 && at < end) {
      held = (held << 8) | bytes[at++]!
      bits += 8
    }
    const next = bits >= SHORT_BITS ? held >>> (bits - SHORT_BITS) : (held << (SHORT_BITS - bits)) | onesBelow(bits)
    const short = SHORT_CODES[next & SHORT_MASK]!
    if (short !== 0) {
      const used = short & 0xf
      if (used > bits) break
      bits -= used
      into[length++] = short >>> 4
      continue
    }
    // What is left is shorter than any code that is not in the table.
    if (bits <= SHORT_BITS) break
    // Rare, so it may read the octets again: no word has room for 30 bits and what was left before them.
    const bitAt = at * 8 - bits
    const symbol = longSymbolAt(bytes, bitAt, end)
    const after = bitAt + CODE_BITS[symbol]!
    if (after > end * 8) break
    if (symbol === EOS) throw new HttpError('header_compression', 'EOS within a Huffman code')
    into[length++] = symbol
    at = (after + 7) >>> 3
    bits = at * 8 - after
    held = bytes[at - 1]!
  }
  checkPadding(held, bits)
  return into.latin1Slice(0, length)
}

/** Bits that fill up the next ten where only `bits` are left. */
function onesBelow(bits: number): number {
  return (1 << (SHORT_BITS - bits)) - 1
}

/** RFC 7541 §5.2: fewer than 8 bits, all of them 1. */
function checkPadding(held: number, bits: number): void {
  const mask = (1 << bits) - 1
  if (bits > 7 || (held & mask) !== mask) throw new HttpError('header_compression', 'a Huffman code that ends within')
}

/** The symbol whose code, of more than ten bits, begins at bit `bitAt` of `bytes`; behind the end all bits are 1. */
function longSymbolAt(bytes: Uint8Array, bitAt: number, end: number): number {
  const window = windowAt(bytes, bitAt, end)
  for (let bits = SHORT_BITS + 1; bits < LONGEST_CODE_BITS; bits++) {
    const code = window >>> (LONGEST_CODE_BITS - bits)
    const { first, after, symbolsAt } = CODES_OF_LENGTH[bits]!
    if (code < after) return SYMBOLS[symbolsAt + code - first]!
  }
  const { first, symbolsAt } = CODES_OF_LENGTH[LONGEST_CODE_BITS]!
  return SYMBOLS[symbolsAt + window - first]!
}

/** The next 30 bits. */
function windowAt(bytes: Uint8Array, bitAt: number, end: number): number {
  const at = bitAt >>> 3
  const shift = bitAt & 7
  let word = 0
  for (let i = at; i < at + 4; i++) word = (word << 8) | (i < end ? bytes[i]! : 0xff)
  const fifth = at + 4 < end ? bytes[at + 4]! : 0xff
  return ((word << shift) | (fifth >>> (8 - shift))) >>> 2
}

function createShortCodes(): Uint16Array {
  const table = new Uint16Array(1 << SHORT_BITS)
  CODES.forEach((code, symbol) => {
    const rest = SHORT_BITS - CODE_BITS[symbol]!
    if (rest < 0) return
    table.fill((symbol << 4) | CODE_BITS[symbol]!, code << rest, (code + 1) << rest)
  })
  return table
}
