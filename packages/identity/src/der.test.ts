import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DER_TAG, DerError, DerReader, writeDer, writeOid } from './der.ts'

test.each([
  { dotted: '2.5.29.17', octets: [6, 3, 0x55, 0x1d, 0x11] },
  { dotted: '1.2.840.10045.4.3.2', octets: [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2] },
])('writeOid() writes $dotted', ({ dotted, octets }) => {
  expect([...writeOid(dotted)]).toEqual(octets)
})

describe('DerReader', () => {
  test('reads back what writeDer() wrote, whatever its length', () => {
    const lengths = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(127, 128, 255, 256, 65_535))
    fc.assert(
      fc.property(lengths, (length) => {
        const content = new Uint8Array(length).fill(7)
        const reader = new DerReader(writeDer(DER_TAG.octetString, content))
        expect(reader.take(DER_TAG.octetString)).toEqual(content)
        reader.end()
      }),
    )
  })

  test.each([
    { name: 'nothing', octets: [] },
    { name: 'a tag alone', octets: [4] },
    { name: 'the indefinite form', octets: [0x30, 0x80, 0, 0] },
    { name: 'a length in the long form that fits the short one', octets: [4, 0x81, 1, 0] },
    { name: 'a length with a leading zero', octets: [4, 0x82, 0, 0x80, ...new Array(128).fill(0)] },
    { name: 'a length of four octets', octets: [4, 0x84, 1, 0, 0, 0] },
    { name: 'a length cut off', octets: [4, 0x82, 1] },
    { name: 'less content than announced', octets: [4, 2, 0] },
    { name: 'a tag of several octets', octets: [0x1f, 0x81, 0, 0] },
  ])('refuses $name', ({ octets }) => {
    expect(() => new DerReader(Uint8Array.from(octets)).next()).toThrow(DerError)
  })

  test('throws nothing but its own error on any octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (octets) => {
        const reader = new DerReader(octets)
        try {
          while (!reader.atEnd) reader.next()
        } catch (error) {
          expect(error).toBeInstanceOf(DerError)
        }
      }),
    )
  })
})

test('writeDer() refuses what is larger than anything written here', () => {
  expect(() => writeDer(DER_TAG.octetString, new Uint8Array(0x1_0000))).toThrow(DerError)
})
