import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { copyOf } from './copy-of.ts'

test.each([
  { name: 'a Buffer', bytes: Buffer.from('abcdef') },
  { name: 'a plain array of octets', bytes: new TextEncoder().encode('abcdef') },
])('copyOf() of $name neither changes with it nor holds it in memory', ({ bytes }) => {
  const copy = copyOf(bytes, 1, 3)
  bytes.fill(0)
  expect([...copy]).toEqual([0x62, 0x63])
  expect(copy.buffer.byteLength).toBe(2)
})
