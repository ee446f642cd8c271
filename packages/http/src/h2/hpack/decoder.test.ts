import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { HpackDecoder } from './decoder.ts'
import type { HeaderEntry } from './header-entry.ts'

const LIMITS = { maxTableBytes: 4096, maxListBytes: 65_536, maxEntries: 100 }

function decode(decoder: HpackDecoder, ...blocks: readonly string[]): HeaderEntry[] {
  let entries: HeaderEntry[] = []
  for (const block of blocks) {
    const bytes = Buffer.from(block.replaceAll(' ', ''), 'hex')
    entries = decoder.decode(bytes, 0, bytes.length)
  }
  return entries
}

function linesOf(entries: readonly HeaderEntry[]): string[] {
  return entries.map(({ name, value }) => `${name}: ${value}`)
}

/** A literal to be indexed, not Huffman-coded. */
function literal(name: string, value: string): string {
  return `40${string(name)}${string(value)}`
}

function string(text: string): string {
  const octets = Buffer.from(text, 'latin1')
  const rest = octets.length - 127
  if (rest < 0) return Buffer.concat([Uint8Array.of(octets.length), octets]).toString('hex')
  return Buffer.concat([Uint8Array.of(127, (rest & 0x7f) | 0x80, rest >>> 7), octets]).toString('hex')
}

const FAULTY = { fault: 'header_compression' }
const TOO_LARGE = { fault: 'head_too_large' }

describe('HpackDecoder', () => {
  test.each([
    { name: 'index 0', blocks: ['80'] },
    { name: 'an index behind the static table', blocks: ['be'] },
    { name: 'an index behind the dynamic table', blocks: [literal('a', 'b'), 'bf'] },
    { name: 'an index far behind the dynamic table', blocks: ['ff ff ff ff 07'] },
    { name: 'a name index behind the tables', blocks: ['7e 0161'] },
    { name: 'a name index of a literal that is not to be indexed', blocks: ['0f 2f 0161'] },
    { name: 'an integer of too many octets', blocks: ['ff 80 80 80 80 00'] },
    { name: 'an integer without end', blocks: [`ff ${'ff'.repeat(100)}`] },
    { name: 'an integer cut short', blocks: ['ff'] },
    { name: 'an integer cut short later', blocks: ['ff 80'] },
    { name: 'a literal without name', blocks: ['40'] },
    { name: 'a literal cut within its name', blocks: ['40 03 61'] },
    { name: 'a literal without value', blocks: ['40 01 61'] },
    { name: 'a literal cut within its value', blocks: ['40 01 61 02 62'] },
    { name: 'a secret cut within its value', blocks: ['10 01 61 02 62'] },
    { name: 'a secret without value', blocks: ['10 01 61'] },
    { name: 'a length near 2^31', blocks: ['40 7f ff ff ff 7f'] },
    { name: 'a Huffman code with EOS', blocks: ['40 84 ff ff ff ff 00'] },
    { name: 'a value with wrong padding', blocks: ['40 01 61 81 00'] },
    { name: 'a table size above ours', blocks: ['3f e2 1f'] },
    { name: 'a table size near 2^31', blocks: ['3f ff ff ff 7f'] },
    { name: 'a table size behind a field', blocks: ['82 20'] },
    { name: 'a table size after the first block, behind a field', blocks: ['82', '82 3e'] },
    { name: 'an index of what a table size of 0 evicted', blocks: [literal('a', 'b'), '20', 'be'] },
    { name: 'an index of what was too large for the table', blocks: [literal('a', 'b'.repeat(4096)), 'be'] },
    {
      name: 'an index of what something too large evicted',
      blocks: [literal('a', 'b'), `${literal('a', 'c'.repeat(4096))}be`],
    },
  ])('refuses $name', ({ blocks }) => {
    expect(() => decode(new HpackDecoder(LIMITS), ...blocks)).toThrow(expect.objectContaining(FAULTY))
  })

  test.each([
    { name: 'an empty block', blocks: [''], lines: [] },
    { name: 'a block with nothing but a table size', blocks: ['20'], lines: [] },
    { name: 'two table sizes', blocks: ['20 3f e1 1f 82'], lines: [':method: GET'] },
    { name: 'an index in more octets than it needs', blocks: [literal('a', 'b'), 'be'], lines: ['a: b'] },
    {
      name: 'the same literal twice',
      blocks: [`${literal('a', 'b')}${literal('a', 'b')}bebf`],
      lines: ['a: b', 'a: b', 'a: b', 'a: b'],
    },
    { name: 'empty name and value', blocks: ['00 00 00'], lines: [': '] },
    { name: 'empty Huffman codes', blocks: ['00 80 80'], lines: [': '] },
    { name: 'octets that no field may have', blocks: ['00 03 41000a 02 0d0a'], lines: ['A\0\n: \r\n'] },
    { name: 'octets above 7f', blocks: ['00 01 61 02 e9ff'], lines: ['a: \u00e9\u00ff'] },
    {
      name: 'the name of an entry that its own literal evicts',
      blocks: ['3f 05', literal('abc', 'd'), '7e 0165', 'be'],
      lines: ['abc: e'],
    },
    { name: 'the last static entry', blocks: ['bd'], lines: ['www-authenticate: '] },
    {
      name: 'a value as long as the prefix of its length',
      blocks: [`40 0161 7f00 ${'62'.repeat(127)}`],
      lines: [`a: ${'b'.repeat(127)}`],
    },
  ])('reads $name', ({ blocks, lines }) => {
    expect(linesOf(decode(new HpackDecoder(LIMITS), ...blocks))).toEqual(lines)
  })

  test('gives the same entry for a literal and for its indexes', () => {
    const entries = decode(new HpackDecoder(LIMITS), `${literal('x-first', 'value')}be`)
    expect(entries[0]).toBe(entries[1])
  })

  test('gives the same entry for a literal that comes again, also on another connection', () => {
    const block = `04${string('/service/Method')}`
    const [first] = decode(new HpackDecoder(LIMITS), block)
    const [second] = decode(new HpackDecoder(LIMITS), block)
    expect(second).toBe(first)
  })

  test('tells literals apart that end alike', () => {
    const values = Array.from({ length: 600 }, (_, at) => `${at}/abcdefghijklmnopqrstuvwxyz`)
    const decoder = new HpackDecoder(LIMITS)
    for (let round = 0; round < 2; round++) {
      for (const value of values) {
        expect(linesOf(decode(decoder, `04${string(value)}`))).toEqual([`:path: ${value}`])
        expect(linesOf(decode(decoder, `00${string('x')}${string(value)}`))).toEqual([`x: ${value}`])
      }
    }
  })

  test('tells a literal with a name from one whose value looks like that', () => {
    const decoder = new HpackDecoder(LIMITS)
    expect(linesOf(decode(decoder, '00 01 61 01 62'))).toEqual(['a: b'])
    expect(linesOf(decode(decoder, '04 01 61 00 01 62 00'))).toEqual([':path: a', 'b: '])
  })

  test('does not keep what is never to be indexed', () => {
    const block = `10${string('x-key')}${string('secret')}`
    const decoder = new HpackDecoder(LIMITS)
    const [first] = decode(decoder, block)
    const [second] = decode(decoder, block)
    expect(second).not.toBe(first)
    expect(first!.isNeverIndexed).toBe(true)
    expect(linesOf(decode(decoder, `00${string('x-key')}${string('secret')}`))).toEqual(['x-key: secret'])
  })

  test('reads where it is told to, out of a larger buffer', () => {
    const bytes = Buffer.from('ffff828684ffff', 'hex')
    const plain = new Uint8Array(bytes)
    expect(linesOf(new HpackDecoder(LIMITS).decode(bytes, 2, 5))).toEqual([':method: GET', ':scheme: http', ':path: /'])
    expect(linesOf(new HpackDecoder(LIMITS).decode(plain, 2, 3))).toEqual([':method: GET'])
  })
})

describe('the limits of a list', () => {
  const limits = { maxTableBytes: 4096, maxListBytes: 200, maxEntries: 4 }

  test.each([
    { name: 'as many fields as allowed', block: '82 82 82 82' },
    { name: 'as many octets as allowed', block: literal('a', 'b'.repeat(200 - 33)) },
  ])('let $name pass', ({ block }) => {
    expect(() => decode(new HpackDecoder(limits), block)).not.toThrow()
  })

  test.each([
    { name: 'more fields', block: '82 82 82 82 82' },
    { name: 'more octets', block: literal('a', 'b'.repeat(201 - 33)) },
    { name: 'more octets by indexes', block: `${literal('a', 'b'.repeat(67))} be` },
  ])('refuse $name, and the table goes on', ({ block }) => {
    const decoder = new HpackDecoder(limits)
    expect(() => decode(decoder, `${block}${literal('late', 'value')}`)).toThrow(expect.objectContaining(TOO_LARGE))
    expect(linesOf(decode(decoder, 'be'))).toEqual(['late: value'])
  })

  test('refuse a list, but a fault behind its end ends the connection', () => {
    expect(() => decode(new HpackDecoder(limits), '82 82 82 82 82 80')).toThrow(expect.objectContaining(FAULTY))
  })

  test('bound what references to one large entry cost', () => {
    const decoder = new HpackDecoder({ ...LIMITS, maxEntries: 1_000_000 })
    decode(decoder, literal('a', 'b'.repeat(4000)))
    const bomb = Buffer.alloc(1_000_000, 0xbe)
    expect(() => decoder.decode(bomb, 0, bomb.length)).toThrow(expect.objectContaining(TOO_LARGE))
    expect(linesOf(decode(decoder, '82'))).toEqual([':method: GET'])
  })
})

describe('the size of the table', () => {
  test('is 4096 before our SETTINGS are acknowledged, also where they say less', () => {
    const decoder = new HpackDecoder({ ...LIMITS, maxTableBytes: 0 })
    expect(linesOf(decode(decoder, literal('a', 'b'), 'be'))).toEqual(['a: b'])
  })

  test('has to be brought down once less was acknowledged', () => {
    const decoder = new HpackDecoder({ ...LIMITS, maxTableBytes: 100 })
    decoder.settingsAcknowledged()
    expect(() => decode(decoder, '82')).toThrow(expect.objectContaining(FAULTY))
  })

  test('evicts when it is brought down', () => {
    const decoder = new HpackDecoder({ ...LIMITS, maxTableBytes: 40 })
    decode(decoder, `${literal('a', 'older')}${literal('b', 'newer')}`)
    decoder.settingsAcknowledged()
    expect(linesOf(decode(decoder, '3f 09 be'))).toEqual(['b: newer'])
    expect(() => decode(decoder, 'bf')).toThrow(expect.objectContaining(FAULTY))
  })

  test('need not be said when it is small enough already', () => {
    const decoder = new HpackDecoder({ ...LIMITS, maxTableBytes: 100 })
    decode(decoder, '3e')
    decoder.settingsAcknowledged()
    expect(linesOf(decode(decoder, '82'))).toEqual([':method: GET'])
  })

  test('may be raised to what our SETTINGS say', () => {
    const decoder = new HpackDecoder({ ...LIMITS, maxTableBytes: 8192 })
    decode(decoder, '3f e1 3f', literal('a', 'b'.repeat(5000)))
    expect(linesOf(decode(decoder, 'be'))).toEqual([`a: ${'b'.repeat(5000)}`])
    expect(() => decode(decoder, '3f e2 3f')).toThrow(expect.objectContaining(FAULTY))
  })

  test('keeps many small entries in order', () => {
    // 33 octets and the digits: 113 entries fit.
    const ages = Array.from({ length: 113 }, (_, age) =>
      age < 65 ? (0x80 | (62 + age)).toString(16) : `ff${(age - 65).toString(16).padStart(2, '0')}`,
    )
    const decoder = new HpackDecoder({ ...LIMITS, maxEntries: 200 })
    for (let at = 0; at < 1000; at++) decode(decoder, literal('a', String(at)))
    expect(linesOf(decode(decoder, ages.join('')))).toEqual(ages.map((_, age) => `a: ${999 - age}`))
  })
})
