import { create } from '@bufbuild/protobuf'
import { BucketSchema, GrpcStatusCountSchema, SeriesSchema } from '@heddle/api/telemetry'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addTotals, createTotals, fromNumbers, toNumbers, totalsOf, withoutGrpc } from './totals.ts'

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

const status = (number: number, count: bigint) => create(GrpcStatusCountSchema, { status: number, count })

test('statuses of gRPC are added up, and one that does not exist counts as UNKNOWN', () => {
  const sum = createTotals()
  for (const grpcStatuses of [
    [status(13, 2n), status(0, 5n)],
    [status(4_000_000_000, 1n), status(13, 1n)],
  ]) {
    addTotals(sum, totalsOf(create(SeriesSchema, { grpcStatuses })))
  }
  expect(sum.grpc).toEqual([0, 5, 2, 1, 13, 3])
})

test('totals are the same after a file, also one from before there were statuses of gRPC', () => {
  const totals = { ...createTotals(), success: 3, failure: 1, coveredMs: 5_000, latency: [7, 3, 9, 1] }
  const withGrpc = { ...totals, grpc: [0, 3, 13, 1] }
  expect(fromNumbers(toNumbers(withGrpc))).toEqual(withGrpc)
  const before = [3, 1, 0, 0, 0, 0, 0, 5_000, 7, 3, 9, 1]
  expect(fromNumbers(withoutGrpc(before))).toEqual(totals)
  // So that neither version takes the other's numbers for its own.
  expect(() => fromNumbers(before)).toThrow(RangeError)
})

test.each([
  { name: 'nothing', numbers: [] },
  { name: 'too few', numbers: [0, 0, 0, 0, 0, 0, 0, 0] },
  { name: 'half a bucket', numbers: [0, 0, 0, 0, 0, 0, 0, 0, 0, 7] },
  { name: 'half a status', numbers: [0, 0, 0, 0, 0, 0, 0, 0, 1, 7] },
  { name: 'fewer of gRPC than said', numbers: [0, 0, 0, 0, 0, 0, 0, 0, 4, 7, 1] },
  { name: 'a negative count', numbers: [0, 0, 0, 0, 0, 0, 0, -1, 0] },
])('$name is no totals', ({ numbers }) => {
  expect(() => fromNumbers(numbers)).toThrow(RangeError)
})
