import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDurationMs, parseDurationMs } from './duration.ts'

describe('parseDurationMs()', () => {
  test.each([
    { text: '0s', durationMs: 0 },
    { text: '500ms', durationMs: 500 },
    { text: '2s', durationMs: 2000 },
    { text: '1h30m', durationMs: 5_400_000 },
    { text: '1h2m3s4ms', durationMs: 3_723_004 },
    { text: '99999h', durationMs: 99_999 * 3_600_000 },
  ])('reads $text', ({ text, durationMs }) => {
    expect(parseDurationMs(text)).toBe(durationMs)
  })

  test.each(['', '5', 's', '1.5s', '-1s', '100000s', '1s ', ' 1s', '1d', '1s2', '1s1s1s1s1s', '1S'])(
    'refuses %j',
    (text) => {
      expect(parseDurationMs(text)).toBeUndefined()
    },
  )

  test('is the inverse of formatDurationMs()', () => {
    fc.assert(
      fc.property(fc.nat(99_999 * 3_600_000), (durationMs) => {
        expect(parseDurationMs(formatDurationMs(durationMs))).toBe(durationMs)
      }),
    )
  })
})

test('formatDurationMs() leaves out what is zero', () => {
  expect(formatDurationMs(0)).toBe('0s')
  expect(formatDurationMs(3_600_500)).toBe('1h500ms')
})
