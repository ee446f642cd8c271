import { expect, test } from 'vitest'
import { formatRemaining, toIsoTime } from './certificate-life.ts'

test.each([
  { remainingMs: 0, text: '0s' },
  { remainingMs: 999, text: '0s' },
  { remainingMs: 59_999, text: '59s' },
  { remainingMs: 60_000, text: '1m' },
  { remainingMs: 60_480_000, text: '16h48m' },
  { remainingMs: 364 * 86_400_000 + 5 * 3_600_000 + 60_000, text: '364d5h' },
])('formatRemaining($remainingMs) is $text', ({ remainingMs, text }) => {
  expect(formatRemaining(remainingMs)).toBe(text)
})

test('toIsoTime() leaves fractions out', () => {
  expect(toIsoTime(1_767_225_600_123n)).toBe('2026-01-01T00:00:00Z')
})
