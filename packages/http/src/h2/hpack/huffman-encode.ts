import { CODE_BITS, CODES } from './huffman-code.ts'

/** More bits than this do not fit into a word behind the 7 that may be left from before. */
const MOST_BITS_AT_ONCE = 24

/** Octets that the Huffman code of `text`, which is Latin-1, takes. */
export function huffmanLength(text: string): number {
  let bits = 0
  for (let i = 0; i < text.length; i++) bits += CODE_BITS[text.charCodeAt(i)]!
  return (bits + 7) >>> 3
}

/** Writes the Huffman code of `text`, which is Latin-1, to `into` from `position` on; there is room for it. RFC 7541 §5.2. */
export function writeHuffman(text: string, into: Uint8Array, position: number): void {
  let at = position
  // The lowest `bits` bits of `held` are not written yet.
  let held = 0
  let bits = 0
  for (let i = 0; i < text.length; i++) {
    const octet = text.charCodeAt(i)
    const code = CODES[octet]!
    let codeBits = CODE_BITS[octet]!
    if (codeBits > MOST_BITS_AT_ONCE) {
      codeBits -= 8
      held = (held << 8) | (code >>> codeBits)
      into[at++] = held >>> bits
    }
    held = (held << codeBits) | (code & ((1 << codeBits) - 1))
    bits += codeBits
    while (bits >= 8) {
      bits -= 8
      into[at++] = held >>> bits
    }
  }
  // EOS begins with ones.
  if (bits > 0) into[at] = (held << (8 - bits)) | (0xff >>> bits)
}
