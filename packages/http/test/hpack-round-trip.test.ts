import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HpackDecoder } from '../src/h2/hpack/decoder.ts'
import { HpackEncoder } from '../src/h2/hpack/encoder.ts'
import { HeaderEntry } from '../src/h2/hpack/header-entry.ts'
import { headerNameOf } from '../src/h2/hpack/header-name-of.ts'
import { HttpError } from '../src/http-error.ts'
import { token } from './arbitraries.ts'
import { GrowingSink } from './growing-sink.ts'

const LIMITS = { maxTableBytes: 1024, maxListBytes: 1_000_000, maxEntries: 1000 }
const FEW_NAMES = [':path', ':status', 'content-type', 'cookie', 'authorization', 'etag', 'x-a', 'x-b', 'grpc-status']
const FEW_VALUES = [
  '',
  '0',
  'GET',
  '200',
  'gzip',
  'short',
  'application/grpc',
  'a'.repeat(150),
  'b'.repeat(300),
  '\u00ff\0',
]

const octets = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 80,
})
const line = fc.record({
  name: fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...FEW_NAMES) }, { weight: 1, arbitrary: token }),
  value: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...FEW_VALUES) }, { weight: 1, arbitrary: octets }),
  isNeverIndexed: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
})
type Line = typeof line extends fc.Arbitrary<infer T> ? T : never
const tableBytes = fc.oneof(fc.integer({ min: 0, max: 1024 }), fc.constantFrom(0, 33, 64, 1024))

/** What happens on a connection: a block, or new SETTINGS of the peer. */
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.array(line, { maxLength: 12 }) },
    { weight: 1, arbitrary: fc.array(tableBytes, { minLength: 1, maxLength: 3 }).map((sizes) => ({ sizes })) },
  ),
  { maxLength: 25 },
)

class Direction {
  readonly encoder = new HpackEncoder({ maxTableBytes: 1024 })
  readonly decoder = new HpackDecoder(LIMITS)
  readonly out = new GrowingSink()

  encode(entries: readonly HeaderEntry[]): Uint8Array {
    this.encoder.begin(this.out)
    for (const entry of entries) this.encoder.encode(entry, this.out)
    return this.out.take()
  }

  send(entries: readonly HeaderEntry[]): HeaderEntry[] {
    const block = this.encode(entries)
    return this.decoder.decode(block, 0, block.length)
  }
}

function entriesOf(lines: readonly Line[]): HeaderEntry[] {
  return lines.map(({ name, value, isNeverIndexed }) => new HeaderEntry(headerNameOf(name), value, isNeverIndexed))
}

function linesOf(entries: readonly HeaderEntry[]): readonly (readonly [string, string])[] {
  return entries.map(({ name, value }) => [name, value])
}

/** The faults of the blocks of a connection, up to the one that ends it. */
function faultsOf(blocks: readonly Uint8Array[]): void {
  const decoder = new HpackDecoder({ maxTableBytes: 4096, maxListBytes: 2000, maxEntries: 20 })
  for (const block of blocks) {
    try {
      decoder.decode(block, 0, block.length)
    } catch (error) {
      expect(error).toBeInstanceOf(HttpError)
      const { fault } = error as HttpError
      expect(['header_compression', 'head_too_large']).toContain(fault)
      if (fault === 'header_compression') return
    }
  }
}

describe('HPACK', () => {
  test('carries every sequence of blocks over two hops, with evictions and changes of the table', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const first = new Direction()
        const second = new Direction()
        for (const step of sequence) {
          if ('sizes' in step) {
            for (const bytes of step.sizes) first.encoder.setPeerTableBytes(bytes)
            continue
          }
          const sent = entriesOf(step)
          const received = second.send(first.send(sent))
          expect(linesOf(received)).toEqual(linesOf(sent))
          received.forEach((entry, at) => {
            const { indexing, staticIndex } = sent[at]!
            expect(entry.isNeverIndexed).toBe(indexing === 'never' && staticIndex === 0)
          })
        }
      }),
      { numRuns: 300 },
    )
  })

  test('of random octets throws nothing but HttpError', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 5 }), (blocks) => faultsOf(blocks)),
      { numRuns: 3000 },
    )
  })

  test('of blocks cut anywhere, or with one octet changed, throws nothing but HttpError', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), fc.integer({ min: 0, max: 255 }), (lines, octet) => {
        const direction = new Direction()
        const before = direction.encode(entriesOf(lines))
        const block = direction.encode(entriesOf(lines))
        for (let at = 0; at < block.length; at++) {
          faultsOf([before, block.subarray(0, at)])
          faultsOf([before, Uint8Array.from(block, (other, index) => (index === at ? octet : other))])
        }
      }),
      { numRuns: 60 },
    )
  })
})
