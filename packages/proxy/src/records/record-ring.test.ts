import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RecordRing } from './record-ring.ts'

const RECORD = { startedMs: 1, key: 'name:cart.shop:80', json: '{"a":1}' }
/** The key, the text, and what is before them. */
const RECORD_BYTES = 17 + 7 + 16

test('a ring forgets the oldest first, and keeps their order', () => {
  const ring = new RecordRing(4 * RECORD_BYTES + 1)
  for (let at = 0; at < 20; at++) ring.push({ ...RECORD, startedMs: at })
  expect(ring.list().map(({ startedMs }) => startedMs)).toEqual([16, 17, 18, 19])
  expect(ring.count).toBe(4)
  expect(ring.bytes).toBe(4 * RECORD_BYTES)
})

test('a record that is larger than the ring is not kept, and pushes nothing out', () => {
  const ring = new RecordRing(1_000)
  ring.push(RECORD)
  ring.push({ ...RECORD, json: 'x'.repeat(2_000) })
  expect(ring.list()).toEqual([RECORD])
})

test('text is counted in octets of UTF-8', () => {
  const [narrow, wide] = [new RecordRing(1_000), new RecordRing(1_000)]
  narrow.push({ ...RECORD, json: 'e'.repeat(100) })
  wide.push({ ...RECORD, json: '\u2026'.repeat(100) })
  expect(wide.bytes - narrow.bytes).toBe(200)
})

test('a ring has the newest records as they were, as many as it has room for', () => {
  const records = fc.array(
    fc.record({
      startedMs: fc.integer({ min: 0, max: 2e12 }),
      key: fc.string({ maxLength: 30 }),
      json: fc.string({ unit: 'grapheme', maxLength: 600 }),
    }),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(records, fc.integer({ min: 0, max: 12_000 }), (pushed, room) => {
      const ring = new RecordRing(room)
      const sizes = pushed.map(({ key, json }) => 16 + Buffer.byteLength(key) + Buffer.byteLength(json))
      const expected: typeof pushed = []
      let bytes = 0
      for (const [at, record] of pushed.entries()) {
        ring.push(record)
        if (sizes[at]! <= room) expected.push(record)
      }
      const kept = ring.list()
      for (const { key, json } of kept) bytes += 16 + Buffer.byteLength(key) + Buffer.byteLength(json)
      expect(kept).toEqual(expected.slice(expected.length - kept.length))
      expect([ring.bytes, ring.count]).toEqual([bytes, kept.length])
      expect(bytes).toBeLessThanOrEqual(room)
      const next = expected.at(-kept.length - 1)
      if (next !== undefined) {
        expect(bytes + 16 + Buffer.byteLength(next.key) + Buffer.byteLength(next.json)).toBeGreaterThan(room)
      }
    }),
  )
})
