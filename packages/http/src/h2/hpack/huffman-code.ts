/** The symbol that ends a text; never sent, its first bits pad the last octet. RFC 7541 §5.2. */
export const EOS = 256

/**
 * Bits of the code of each octet, and of EOS. RFC 7541 appendix B. The code is canonical: among codes of one length the
 * order is that of the octets, so nothing else needs to be written down.
 */
// biome-ignore format: sixteen to a line, as octets are
export const CODE_BITS = Uint8Array.of(
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
)

export const LONGEST_CODE_BITS = 30

/** Codes of one length: the first, one more than the last, and where their symbols begin in {@link SYMBOLS}. */
export interface CodesOfLength {
  readonly first: number
  readonly after: number
  readonly symbolsAt: number
}

/** Symbols by length of code, then by code. */
export const SYMBOLS: readonly number[] = Array.from(CODE_BITS.keys()).sort(
  (one, other) => CODE_BITS[one]! - CODE_BITS[other]! || one - other,
)

/** For each number of bits from 0 to {@link LONGEST_CODE_BITS}. */
export const CODES_OF_LENGTH: readonly CodesOfLength[] = createLengths()

/** The code of each symbol, in its low bits. */
export const CODES: Uint32Array = createCodes()

function createLengths(): CodesOfLength[] {
  const lengths: CodesOfLength[] = []
  let first = 0
  let symbolsAt = 0
  for (let bits = 0; bits <= LONGEST_CODE_BITS; bits++) {
    const count = CODE_BITS.filter((other) => other === bits).length
    lengths.push({ first, after: first + count, symbolsAt })
    first = (first + count) * 2
    symbolsAt += count
  }
  return lengths
}

function createCodes(): Uint32Array {
  const codes = new Uint32Array(CODE_BITS.length)
  for (const { first, after, symbolsAt } of CODES_OF_LENGTH) {
    for (let code = first; code < after; code++) codes[SYMBOLS[symbolsAt + code - first]!] = code
  }
  return codes
}
