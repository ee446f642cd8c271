import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RecordRing } from './record-ring.ts'

const RECORD = { startedMs: 1, key: 'name:cart.shop:80', json: '{"a":1}' }

test('a ring forgets the oldest first, and keeps their order', () => {
  const ring = new RecordRing(1_000)
  for (let at = 0; at < 20; at++) ring.push({ ...RECORD, startedMs: at })
  expect(ring.list().map(({ startedMs }) => startedMs)).toEqual([16, 17, 18, 19])
  expect(ring.count).toBe(4)
})

test('a record that is larger than the ring is not kept, and pushes nothing out', () => {
  const ring = new RecordRing(1_000)
  ring.push(RECORD)
  ring.push({ ...RECORD, json: 'x'.repeat(2_000) })
  expect(ring.list()).toEqual([RECORD])
})

test('text beyond latin1 counts twice', () => {
  const [narrow, wide] = [new RecordRing(1_000), new RecordRing(1_000)]
  narrow.push({ ...RECORD, json: '\u00e9'.repeat(100) })
  wide.push({ ...RECORD, json: '\u2026'.repeat(100) })
  expect(wide.bytes - narrow.bytes).toBe(100)
})

test('a ring never takes more than its room, and what it says it takes is what it has', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 500 })), (sizes) => {
      const ring = new RecordRing(2_000)
      for (const size of sizes) ring.push({ ...RECORD, json: 'x'.repeat(size) })
      expect(ring.bytes).toBeLessThanOrEqual(2_000)
      const again = new RecordRing(1e9)
      for (const record of ring.list()) again.push(record)
      expect(again.bytes).toBe(ring.bytes)
      const newest = sizes.slice(sizes.length - ring.count)
      expect(ring.list().map(({ json }) => json.length)).toEqual(newest)
    }),
  )
})
