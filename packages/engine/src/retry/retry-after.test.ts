import { expect, test } from 'vitest'
import { parseRetryAfterMs } from './retry-after.ts'

const NOW_MS = Date.UTC(2026, 0, 1, 12, 0, 0)

test.each([
  { value: '0', ms: 0 },
  { value: '120', ms: 120_000 },
  { value: ' 7 ', ms: 7_000 },
  { value: 'Thu, 01 Jan 2026 12:00:30 GMT', ms: 30_000 },
  { value: 'Thursday, 01-Jan-26 12:00:30 GMT', ms: 30_000 },
  { value: 'Thu Jan  1 12:00:30 2026 GMT', ms: 30_000 },
  { value: 'Thu, 01 Jan 2026 11:00:00 GMT', ms: 0 },
  { value: '-1', ms: undefined },
  { value: '1.5', ms: undefined },
  { value: '2026-01-01', ms: undefined },
  { value: 'soon', ms: undefined },
  { value: 'Xyz, not a date', ms: undefined },
  { value: '99999999999', ms: undefined },
  { value: '', ms: undefined },
  { value: undefined, ms: undefined },
])('parseRetryAfterMs() of "$value" is $ms', ({ value, ms }) => {
  expect(parseRetryAfterMs(value, NOW_MS)).toBe(ms)
})
