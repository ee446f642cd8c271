import { create } from '@bufbuild/protobuf'
import { BucketSchema, SeriesSchema } from '@heddle/api/telemetry'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addTotals, createTotals, totalsOf } from './totals.ts'

const bucket = fc.record({ index: fc.nat(20), count: fc.integer({ min: 1, max: 1_000 }) })

test('addTotals() adds up the buckets of every order and repetition, ascending, and leaves its source alone', () => {
  fc.assert(
    fc.property(fc.array(fc.array(bucket, { maxLength: 12 }), { maxLength: 8 }), (reports) => {
      const sum = createTotals()
      const expected = new Map<number, number>()
      for (const buckets of reports) {
        const latency = buckets.map(({ index, count }) => create(BucketSchema, { index, count: BigInt(count) }))
        const totals = totalsOf(create(SeriesSchema, { latency }))
        const before = [...totals.latency]
        addTotals(sum, totals)
        addTotals(createTotals(), totals)
        expect(totals.latency).toEqual(before)
        for (const { index, count } of buckets) expected.set(index, (expected.get(index) ?? 0) + count)
      }
      expect(sum.latency).toEqual([...expected].sort(([a], [b]) => a - b).flat())
    }),
  )
})
