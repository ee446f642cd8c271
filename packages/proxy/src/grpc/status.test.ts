import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeGrpcMessage } from './message.ts'
import { grpcStatusOfReset, parseGrpcStatus } from './status.ts'

describe('parseGrpcStatus()', () => {
  test.each([
    { text: '0', status: 0 },
    { text: '00', status: 0 },
    { text: '13', status: 13 },
    { text: '16', status: 16 },
    { text: '17', status: 2 },
    { text: '99', status: 2 },
    { text: '', status: 2 },
    { text: '-1', status: 2 },
    { text: '1a', status: 2 },
    { text: '000', status: 2 },
    { text: 'OK', status: 2 },
  ])('reads "$text" as $status', ({ text, status }) => {
    expect(parseGrpcStatus(text)).toBe(status)
  })
})

test.each([
  { code: undefined, grpc: 14 },
  { code: 0x0, grpc: 13 },
  { code: 0x1, grpc: 13 },
  { code: 0x2, grpc: 13 },
  { code: 0x3, grpc: 13 },
  { code: 0x7, grpc: 14 },
  { code: 0x8, grpc: 1 },
  { code: 0xb, grpc: 8 },
  { code: 0xc, grpc: 7 },
  { code: 0x77, grpc: 13 },
])('a reset with $code is $grpc', ({ code, grpc }) => {
  expect(grpcStatusOfReset(code)).toBe(grpc)
})

describe('encodeGrpcMessage()', () => {
  test.each([
    { text: 'plain, with "marks"!', encoded: 'plain, with "marks"!' },
    { text: '100%', encoded: '100%25' },
    { text: 'a\r\nb\tc', encoded: 'a%0D%0Ab%09c' },
    { text: ' Löwe\u007f ', encoded: 'L%C3%B6we%7F' },
    { text: '', encoded: '' },
  ])('writes $text', ({ text, encoded }) => {
    expect(encodeGrpcMessage(text)).toBe(encoded)
  })

  test('is undone by decoding, and always makes a value of a field', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        const encoded = encodeGrpcMessage(text)
        expect(encoded).toMatch(/^([!-~]([ -~]*[!-~])?)?$/)
        expect(decodeURIComponent(encoded)).toBe(text.trim())
      }),
    )
  })
})
