import { deepStrictEqual } from 'node:assert'
import { HpackDecoder } from '../src/h2/hpack/decoder.ts'
import { HpackEncoder } from '../src/h2/hpack/encoder.ts'
import type { HeaderEntry } from '../src/h2/hpack/header-entry.ts'
import { HttpError } from '../src/http-error.ts'
import { GrowingSink } from '../test/growing-sink.ts'
import type { Random } from './random.ts'
import { ReferenceHpack } from './reference-hpack.ts'

const LIMITS = { maxTableBytes: 4096, maxListBytes: 1_000_000, maxEntries: 10_000 }
/** What integers, representations and indexes turn on. */
const EDGES = [
  0x00, 0x0f, 0x10, 0x1f, 0x20, 0x3e, 0x3f, 0x40, 0x7e, 0x7f, 0x80, 0x81, 0xbd, 0xbe, 0xbf, 0xc0, 0xfe, 0xff,
]

type Lines = readonly (readonly [name: string, value: string])[]

/**
 * Whatever blocks a peer sends: decoding them throws nothing but `HttpError`, finds what a plain reading finds, and what it finds
 * arrives behind the next hop as it is, with what must not be indexed as such.
 *
 * @throws {Error} when one of these does not hold
 */
export function checkHpack(blocks: readonly Uint8Array[]): void {
  const reference = new ReferenceHpack()
  const decoder = new HpackDecoder(LIMITS)
  const encoder = new HpackEncoder({ maxTableBytes: 1024 })
  const second = new HpackDecoder(LIMITS)
  const out = new GrowingSink()
  for (const block of blocks) {
    const entries = entriesOf(decoder, block)
    deepStrictEqual(entries && linesOf(entries), readLines(reference, block))
    if (entries === undefined) return
    encoder.begin(out)
    for (const entry of entries) encoder.encode(entry, out)
    const written = out.take()
    const received = second.decode(written, 0, written.length)
    deepStrictEqual(linesOf(received), linesOf(entries))
    entries.forEach(({ isNeverIndexed }, at) => {
      if (isNeverIndexed) deepStrictEqual(received[at]!.isNeverIndexed, true)
    })
  }
}

/** A few changes to the blocks of a connection, some of which may be from another one. */
export function mutateBlocks(corpus: readonly (readonly Uint8Array[])[], random: Random): Uint8Array[] {
  const blocks = [...random.pick(corpus)]
  for (let left = 1 + random.below(3); left > 0; left--) {
    if (random.below(4) === 0) blocks.splice(random.below(blocks.length + 1), 0, random.pick(random.pick(corpus)))
    const at = random.below(blocks.length)
    blocks[at] = mutateBlock(blocks[at]!, random)
  }
  return blocks
}

function mutateBlock(block: Uint8Array, random: Random): Uint8Array {
  const at = random.below(block.length + 1)
  const to = Math.min(block.length, at + 1 + random.below(4))
  const octet = random.below(2) === 0 ? random.pick(EDGES) : random.below(256)
  const before = block.subarray(0, at)
  switch (random.below(5)) {
    case 0:
      return Uint8Array.of(...before, octet, ...block.subarray(at))
    case 1:
      return Uint8Array.of(...before, octet, ...block.subarray(at + 1))
    case 2:
      return Uint8Array.of(...before, ...block.subarray(to))
    case 3:
      return Uint8Array.of(...before, ...block.subarray(at, to), ...block.subarray(at))
    default:
      return block.slice(0, at)
  }
}

function entriesOf(decoder: HpackDecoder, block: Uint8Array): HeaderEntry[] | undefined {
  try {
    return decoder.decode(block, 0, block.length)
  } catch (error) {
    if (error instanceof HttpError && error.fault === 'header_compression') return undefined
    throw error
  }
}

function readLines(reference: ReferenceHpack, block: Uint8Array): Lines | undefined {
  try {
    return reference.decode(block)
  } catch {
    return undefined
  }
}

function linesOf(entries: readonly HeaderEntry[]): Lines {
  return entries.map(({ name, value }) => [name, value])
}
