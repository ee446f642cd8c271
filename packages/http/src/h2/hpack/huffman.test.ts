import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HttpError } from '../../http-error.ts'
import { CODE_BITS, CODES, EOS } from './huffman-code.ts'
import { decodeHuffman } from './huffman-decode.ts'
import { huffmanLength, writeHuffman } from './huffman-encode.ts'

const latin1 = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 300,
})

function encode(text: string): Uint8Array {
  const octets = new Uint8Array(huffmanLength(text) + 1).fill(0x5a)
  writeHuffman(text, octets, 0)
  expect(octets.at(-1)).toBe(0x5a)
  return octets.subarray(0, -1)
}

function decode(bits: string): string {
  const octets = bits.match(/.{1,8}/g) ?? []
  const bytes = Uint8Array.from(octets.map((octet) => Number.parseInt(octet, 2)))
  return decodeHuffman(bytes, 0, bytes.length)
}

function bitsOf(symbol: number): string {
  return CODES[symbol]!.toString(2).padStart(CODE_BITS[symbol]!, '0')
}

function padded(bits: string): string {
  return bits.padEnd(Math.ceil(bits.length / 8) * 8, '1')
}

describe('the Huffman code', () => {
  test('has no room for another one', () => {
    expect(CODE_BITS.reduce((sum, bits) => sum + 2 ** -bits, 0)).toBe(1)
    expect(CODE_BITS).toHaveLength(257)
  })

  // RFC 7541 appendix B.
  test.each([
    { symbol: 0x30, bits: '00000' },
    { symbol: 0x74, bits: '01001' },
    { symbol: 0x20, bits: '010100' },
    { symbol: 0x3a, bits: '1011100' },
    { symbol: 0x26, bits: '11111000' },
    { symbol: 0x21, bits: '1111111000' },
    { symbol: 0x00, bits: '1111111111000' },
    { symbol: 0x5c, bits: '1111111111111110000' },
    { symbol: 0xff, bits: '11111111111111111111101110' },
    { symbol: 0x16, bits: '111111111111111111111111111110' },
    { symbol: EOS, bits: '111111111111111111111111111111' },
  ])('of $symbol is $bits', ({ symbol, bits }) => {
    expect(bitsOf(symbol)).toBe(bits)
  })
})

describe('decodeHuffman()', () => {
  test('reads the code of each octet, alone, twice, and behind others', () => {
    for (let octet = 0; octet < 256; octet++) {
      const text = String.fromCharCode(octet)
      for (const before of ['', 'a', 'ab', 'abc', 'abcd', 'abcde', 'x', text]) {
        const bits = Array.from(before + text, (char) => bitsOf(char.charCodeAt(0))).join('')
        expect(decode(padded(bits))).toBe(before + text)
      }
    }
  })

  test('is the inverse of writeHuffman()', () => {
    fc.assert(
      fc.property(latin1, (text) => {
        const octets = encode(text)
        expect(decodeHuffman(octets, 0, octets.length)).toBe(text)
      }),
    )
  })

  test('reads texts longer than its room for common ones', () => {
    const text = 'a\x01'.repeat(10_000)
    const octets = encode(text)
    expect(decodeHuffman(octets, 0, octets.length)).toBe(text)
  })

  test.each([
    { name: 'padding of zeros', bits: '00000000' },
    { name: 'padding with one zero', bits: '00011101' },
    { name: 'padding of eight ones', bits: '0000011111111111' },
    { name: 'nothing but padding of eight ones', bits: '11111111' },
    { name: 'nothing but padding of sixteen ones', bits: '1111111111111111' },
    { name: 'EOS', bits: '11111111111111111111111111111111' },
    { name: 'EOS behind a text', bits: padded(`00011${'1'.repeat(30)}`) },
    { name: 'EOS before a text', bits: padded(`${'1'.repeat(30)}00011`) },
    { name: 'a code of eleven bits cut short', bits: '11111111' },
    { name: 'a code of thirty bits cut short', bits: '111111111111111111111111' },
    { name: 'a code of 28 bits cut short', bits: '111111111111111111111110' },
  ])('refuses $name', ({ bits }) => {
    expect(() => decode(bits)).toThrow(expect.objectContaining({ fault: 'header_compression' }))
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('accepts the padding of %i codes of five bits', (count) => {
    expect(decode(padded(bitsOf(0x61).repeat(count)))).toBe('a'.repeat(count))
  })

  test('throws nothing but HttpError, and what it reads is written the same', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        let text: string
        try {
          text = decodeHuffman(bytes, 0, bytes.length)
        } catch (error) {
          expect(error).toBeInstanceOf(HttpError)
          return
        }
        expect(Buffer.from(encode(text))).toEqual(Buffer.from(bytes))
      }),
      { numRuns: 2000 },
    )
  })
})
