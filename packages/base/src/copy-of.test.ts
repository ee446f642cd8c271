import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { copyOf, toKeep } from './copy-of.ts'

test.each([
  { name: 'a Buffer', bytes: Buffer.from('abcdef') },
  { name: 'a plain array of octets', bytes: new TextEncoder().encode('abcdef') },
])('copyOf() of $name neither changes with it nor holds it in memory', ({ bytes }) => {
  const copy = copyOf(bytes, 1, 3)
  bytes.fill(0)
  expect([...copy]).toEqual([0x62, 0x63])
  expect(copy.buffer.byteLength).toBe(2)
})

test.each([
  { what: 'a small part of a large chunk', chunk: 65_536, part: 100, held: 100 },
  { what: 'most of a large chunk', chunk: 65_536, part: 60_000, held: 65_536 },
  { what: 'a small part of a small chunk', chunk: 4096, part: 100, held: 4096 },
])('toKeep() of $what holds $held octets in memory', ({ chunk, part, held }) => {
  const bytes = new Uint8Array(chunk).map((_, at) => at)
  const kept = toKeep(bytes, 7, 7 + part)
  expect([...kept.subarray(0, 3), kept.length]).toEqual([7, 8, 9, part])
  expect(kept.buffer.byteLength).toBe(held)
})
