import { expect, test } from 'vitest'
import { parseSummary, readTimes } from './h2load.ts'

const summaryOf = (change: { readonly good: number; readonly dataBytes: number }): string =>
  `finished in 1.00s, 4.00 req/s, 1.00KB/s
requests: ${change.good + 4} total, 999 started, ${change.good + 4} done, ${change.good} succeeded, 4 failed, 1 errored, 0 timeout
status codes: ${change.good} 2xx, 0 3xx, 0 4xx, 3 5xx
traffic: 1.13MB (1185800) total, 112.50KB (115200) headers (space savings 0.00%), 1.00MB (${change.dataBytes}) data
`

test('parseSummary() counts whole answers as requests, and what went wrong as errors', () => {
  expect(parseSummary(summaryOf({ good: 100, dataBytes: 10_500 }), 105)).toEqual({ requests: 100, errors: 4 })
})

test('parseSummary() takes an answer of 200 without its message for an error', () => {
  expect(parseSummary(summaryOf({ good: 100, dataBytes: 9450 }), 105)).toEqual({ requests: 90, errors: 14 })
})

test('parseSummary() does not count the first part of an answer whose end did not come in time', () => {
  expect(parseSummary(summaryOf({ good: 100, dataBytes: 10_700 }), 105).requests).toBe(100)
})

test('parseSummary() refuses an output without totals', () => {
  expect(() => parseSummary('unable to connect\n', 105)).toThrow('unable to connect')
})

test('readTimes() takes the last number of each line', () => {
  const times = readTimes(Buffer.from('1795263202486122\t200\t290\n1795263202486123\t200\t7\n'))
  expect([times.total, times.quantileUs(0.5), times.quantileUs(1)]).toEqual([2, 7, 290])
})
