import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readClientHello } from './client-hello.ts'

const u16 = (n: number) => [n >> 8, n & 255]
const ascii = (text: string) => [...text].map((c) => c.charCodeAt(0))
const extension = (kind: number, content: number[]) => [...u16(kind), ...u16(content.length), ...content]

function hello(extensions: number[]): number[] {
  const body = [
    3,
    3,
    ...new Array<number>(32).fill(7),
    0,
    ...u16(2),
    0x13,
    1,
    1,
    0,
    ...u16(extensions.length),
    ...extensions,
  ]
  return [1, 0, ...u16(body.length), ...body]
}

function serverName(name: string): number[] {
  const entry = [0, ...u16(name.length), ...ascii(name)]
  return extension(0, [...u16(entry.length), ...entry])
}

function alpn(...names: string[]): number[] {
  const list = names.flatMap((name) => [name.length, ...ascii(name)])
  return extension(16, [...u16(list.length), ...list])
}

/** Cut into records of at most `size` octets, each of which begins with `head`. */
function records(message: number[], size = 16_384, head = [22, 3, 1]): Uint8Array {
  const out: number[] = []
  for (let at = 0; at < message.length; at += size) {
    const part = message.slice(at, at + size)
    out.push(...head, ...u16(part.length), ...part)
  }
  return Uint8Array.from(out)
}

const MESSAGE = hello([
  ...serverName('Voting.emojivote.sa.heddle.local'),
  ...extension(43, [2, 3, 4]),
  ...alpn('http/1.1', 'h2'),
])
const EXPECTED = { serverName: 'voting.emojivote.sa.heddle.local', alpn: ['http/1.1', 'h2'] }

describe('readClientHello()', () => {
  test.each([{ size: 16_384 }, { size: 100 }, { size: 12 }])('reads a hello in records of $size octets', ({ size }) => {
    expect(readClientHello(records(MESSAGE, size))).toEqual(EXPECTED)
  })

  test('ignores what follows the hello', () => {
    expect(readClientHello(Uint8Array.from([...records(MESSAGE), 20, 3, 3, 0, 1, 1]))).toEqual(EXPECTED)
  })

  test.each([{ version: [3, 0] }, { version: [3, 4] }])('reads records of version $version', ({ version }) => {
    expect(readClientHello(records(MESSAGE, 16_384, [22, ...version]))).toEqual(EXPECTED)
  })

  test('waits for a record of the largest size', () => {
    expect(readClientHello(Uint8Array.from([22, 3, 1, 0x40, 0, 1]))).toBe('incomplete')
  })

  test('reads a hello without extensions, and one without even their length', () => {
    const message = hello([])
    const shorter = message.with(3, message[3]! - 2).slice(0, -2)
    for (const one of [message, shorter]) {
      expect(readClientHello(records(one))).toEqual({ serverName: undefined, alpn: [] })
    }
  })

  test.each([{ size: 16_384 }, { size: 30 }])('is incomplete at every split point of records of $size', ({ size }) => {
    const all = records(MESSAGE, size)
    for (let length = 0; length < all.length; length++) {
      expect(readClientHello(all.subarray(0, length))).toBe('incomplete')
    }
  })

  test.each([
    { name: 'another record type', bytes: [...records(MESSAGE, 16_384, [23, 3, 1])] },
    { name: 'SSL 2', bytes: [...records(MESSAGE, 16_384, [22, 2, 1])] },
    { name: 'a version that never was', bytes: [...records(MESSAGE, 16_384, [22, 3, 5])] },
    { name: 'a record of another type behind the first', bytes: [...records(MESSAGE.slice(0, 50)), 23] },
    { name: 'an empty record', bytes: [22, 3, 1, 0, 0] },
    { name: 'an oversized record', bytes: [22, 3, 1, 0x40, 1] },
    { name: 'crumbs of one octet', bytes: [...records(MESSAGE, 1)] },
    { name: 'another handshake message', bytes: [...records([2, ...MESSAGE.slice(1)])] },
    { name: 'the first octet of another handshake message', bytes: [22, 3, 1, 0, 200, 2] },
    { name: 'an extension beyond the end', bytes: [...records(hello([0, 0, 0, 99]))] },
    { name: 'a name beyond its extension', bytes: [...records(hello(extension(0, [0, 9, 0, 0, 9, 97])))] },
  ])('is not TLS: $name', ({ bytes }) => {
    expect(readClientHello(Uint8Array.from(bytes))).toBe('not-tls')
  })

  test('never throws nor hangs', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(400), (noise, at) => {
        const bytes = Uint8Array.from([...records(MESSAGE)])
        bytes.set(noise.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length))
        readClientHello(bytes)
        readClientHello(noise)
      }),
    )
  })
})
