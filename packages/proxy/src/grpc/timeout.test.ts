import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatTimeout, parseTimeout } from './timeout.ts'

describe('parseTimeout()', () => {
  test.each([
    { text: '1H', us: 3_600_000_000 },
    { text: '2M', us: 120_000_000 },
    { text: '3S', us: 3_000_000 },
    { text: '250m', us: 250_000 },
    { text: '42u', us: 42 },
    { text: '1999n', us: 1 },
    { text: '0m', us: 0 },
    { text: '00000001S', us: 1_000_000 },
    { text: '99999999H', us: 99_999_999 * 3_600_000_000 },
  ])('reads $text', ({ text, us }) => {
    expect(parseTimeout(text)).toBe(us)
  })

  test.each([
    '',
    'S',
    '1',
    '1s',
    '1h',
    '100000000S',
    '-1S',
    '+1S',
    '1.5S',
    '1e3m',
    ' 1S',
    '1S ',
    '1 S',
    '1SS',
    '0x1S',
    '1S, 2S',
    '\u0661S',
    '1\u00b5',
  ])('does not take %j for one', (text) => {
    expect(parseTimeout(text)).toBeUndefined()
  })
})

describe('formatTimeout()', () => {
  test.each([
    { us: 3_600_000_000, text: '1H' },
    { us: 5_400_000_000, text: '90M' },
    { us: 90_000_000, text: '90S' },
    { us: 1_999_999, text: '1999m' },
    { us: 2_000_000.4, text: '2S' },
    { us: 999_999.9, text: '999999u' },
    { us: 250_000, text: '250m' },
    { us: 1, text: '1u' },
    { us: 0.5, text: '1n' },
    { us: 0, text: '1n' },
    { us: -7, text: '1n' },
    { us: 100_000_000_000_000, text: '1666666M' },
    { us: 99_999_999 * 3_600_000_000, text: '99999999H' },
  ])('says $us µs as $text', ({ us, text }) => {
    expect(formatTimeout(us)).toBe(text)
  })

  test('what it says is read back as no more than was left, and as hardly less', () => {
    const left = fc.oneof(fc.integer({ min: 1, max: 3_000_000 }), fc.double({ min: 1, max: 3.5e17, noNaN: true }))
    fc.assert(
      fc.property(left, (leftUs) => {
        const text = formatTimeout(leftUs)
        expect(text).toMatch(/^[0-9]{1,8}[HMSmun]$/)
        const read = parseTimeout(text)!
        expect(read).toBeLessThanOrEqual(leftUs)
        expect(read).toBeGreaterThan(leftUs * 0.998 - 1)
      }),
    )
  })
})
