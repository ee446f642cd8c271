import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { GrowingSink } from '../../../test/growing-sink.ts'
import {
  type HpackExample,
  HUFFMAN_ANSWERS,
  HUFFMAN_REQUESTS,
  PLAIN_ANSWERS,
  PLAIN_REQUESTS,
  SINGLE_EXAMPLES,
} from '../../../testdata/hpack-examples.ts'
import { HpackDecoder } from './decoder.ts'
import { HpackEncoder } from './encoder.ts'
import { HeaderEntry } from './header-entry.ts'
import { headerNameOf } from './header-name-of.ts'

const LIMITS = { maxTableBytes: 4096, maxListBytes: 65_536, maxEntries: 100 }
const FIRST_DYNAMIC = 62

/** A decoder whose peer has already said how large its table is. */
function decoderOf(tableBytes: number): HpackDecoder {
  const decoder = new HpackDecoder(LIMITS)
  const rest = tableBytes - 31
  const update = [0x3f, (rest & 0x7f) | 0x80, rest >>> 7]
  decoder.decode(Uint8Array.from(update), 0, update.length)
  return decoder
}

function decode(decoder: HpackDecoder, block: string): HeaderEntry[] {
  const bytes = Buffer.from(block, 'hex')
  return decoder.decode(bytes, 0, bytes.length)
}

function tableOf(decoder: HpackDecoder, length: number): HeaderEntry[] {
  const ages = Array.from({ length }, (_, age) => 0x80 | (FIRST_DYNAMIC + age))
  return decoder.decode(Uint8Array.from(ages), 0, length)
}

function check(decoder: HpackDecoder, { block, lines, table, tableBytes }: HpackExample): void {
  expect(decode(decoder, block).map(({ name, value }) => [name, value])).toEqual(lines)
  const entries = tableOf(decoder, table.length)
  expect(entries.map(({ name, value }) => `${name}: ${value}`)).toEqual(table)
  expect(entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(tableBytes)
  expect(() => tableOf(decoder, table.length + 1)).toThrow(expect.objectContaining({ fault: 'header_compression' }))
}

describe('HpackDecoder', () => {
  test.each(SINGLE_EXAMPLES)('reads $name of RFC 7541', (example) => {
    check(new HpackDecoder(LIMITS), example)
  })

  test.each([PLAIN_REQUESTS, HUFFMAN_REQUESTS, PLAIN_ANSWERS, HUFFMAN_ANSWERS])(
    'reads $name of RFC 7541',
    (examples) => {
      const decoder = decoderOf(examples.maxTableBytes)
      for (const example of examples.blocks) check(decoder, example)
    },
  )

  test('keeps in mind what C.2.3 must not have indexed', () => {
    const [entry] = decode(new HpackDecoder(LIMITS), SINGLE_EXAMPLES[2]!.block)
    expect(entry!.isNeverIndexed).toBe(true)
    expect(entry!.indexing).toBe('never')
  })
})

describe('HpackEncoder', () => {
  test('writes C.4 of RFC 7541 when values come again, so that Huffman coding them pays', () => {
    const entries = HUFFMAN_REQUESTS.blocks.map(({ lines }) =>
      lines.map(([name, value]) => {
        const entry = new HeaderEntry(headerNameOf(name), value)
        entry.wasWritten = true
        return entry
      }),
    )
    const encoder = new HpackEncoder({ maxTableBytes: 4096 })
    expect(entries.map((block) => encode(encoder, block))).toEqual(HUFFMAN_REQUESTS.blocks.map(({ block }) => block))
  })

  test.each(PLAIN_REQUESTS.blocks.slice(0, 2))('writes $name of RFC 7541 when values are new', ({ block }) => {
    const encoder = new HpackEncoder({ maxTableBytes: 4096 })
    const written = PLAIN_REQUESTS.blocks.slice(0, 2).map(({ lines }) =>
      encode(
        encoder,
        lines.map(([name, value]) => new HeaderEntry(headerNameOf(name), value)),
      ),
    )
    expect(written).toContain(block)
  })
})

function encode(encoder: HpackEncoder, entries: readonly HeaderEntry[]): string {
  const out = new GrowingSink()
  encoder.begin(out)
  for (const entry of entries) encoder.encode(entry, out)
  return out.take().toString('hex')
}
