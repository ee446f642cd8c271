import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  beginStep,
  DEFAULT_LEAF_LIFE_MS,
  formatRecord,
  isRecordOf,
  parseRecord,
  type RootChange,
  type RootRecord,
  remainingMsOf,
  STEADY,
  waitMsOf,
} from './root-record.ts'

const HOUR_MS = 3_600_000
const NOW_MS = Date.UTC(2026, 0, 1)
const CHANGE: RootChange = { step: 'prepared', root: 'AB:CD' }
const PREPARED: RootRecord = { ...CHANGE, sinceMs: NOW_MS, waitedMs: 0, leafLifeMs: 24 * HOUR_MS }

describe('a step', () => {
  test.each([
    { name: 'a day', leafLifeMs: 24 * HOUR_MS, waitMs: 25 * HOUR_MS },
    { name: 'twenty seconds', leafLifeMs: 20_000, waitMs: 30_000 },
  ])('lasts longer than certificates of $name live', ({ leafLifeMs, waitMs }) => {
    expect(waitMsOf({ leafLifeMs })).toBe(waitMs)
  })

  test.each([
    { name: 'has just begun', waited: 0, wall: 0, left: 25 },
    { name: 'was waited for', waited: 25, wall: 25, left: 0 },
    { name: 'was not waited for, though the clock on the wall was set on', waited: 1, wall: 1_000, left: 24 },
    { name: 'was not waited for, since nobody ran', waited: 10, wall: 100, left: 15 },
    { name: 'was waited for, and the clock was set back', waited: 25, wall: 15, left: 10 },
  ])('that $name has $left hours left', ({ waited, wall, left }) => {
    const record = { ...PREPARED, waitedMs: waited * HOUR_MS }
    expect(remainingMsOf(record, NOW_MS + wall * HOUR_MS)).toBe(left * HOUR_MS)
  })

  test.each([
    { name: 'another step', record: { ...PREPARED, step: 'activated' as const }, is: false },
    { name: 'none', record: beginStep(STEADY, PREPARED, NOW_MS), is: false },
    { name: 'one that begins in ten hours by a clock that was set back', record: hoursFromNow(10), is: true },
    { name: 'one that begins in a year by a clock that was wrong', record: hoursFromNow(24 * 365), is: false },
    { name: 'another root', record: { ...PREPARED, root: 'EF:01' }, is: false },
    { name: 'this one', record: PREPARED, is: true },
  ])('goes on by a record of $name: $is', ({ record, is }) => expect(isRecordOf(record, CHANGE, NOW_MS)).toBe(is))
})

function hoursFromNow(hours: number): RootRecord {
  return { ...PREPARED, sinceMs: NOW_MS + hours * HOUR_MS }
}

describe('parseRecord()', () => {
  test('reads what formatRecord() wrote', () => {
    const record = fc.record({
      step: fc.constantFrom('prepared' as const, 'activated' as const),
      root: fc.string(),
      sinceMs: fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }),
      waitedMs: fc.integer({ min: 0, max: 1e12 }),
      leafLifeMs: fc.integer({ min: 5_000, max: 1e10 }),
    })
    fc.assert(
      fc.property(record, (one) => {
        expect(parseRecord(formatRecord(one))).toEqual(one)
      }),
    )
  })

  test('remembers how long certificates live, and nothing else, while nothing is under way', () => {
    const short = beginStep(STEADY, { leafLifeMs: 20_000 }, NOW_MS)
    expect(parseRecord(formatRecord(short))).toMatchObject({ step: 'steady', leafLifeMs: 20_000 })
    expect(formatRecord({ ...short, leafLifeMs: DEFAULT_LEAF_LIFE_MS })).toBeUndefined()
  })

  test('takes what cannot be read for none', () => {
    const none = { ...STEADY, sinceMs: 0, waitedMs: 0, leafLifeMs: DEFAULT_LEAF_LIFE_MS }
    const damaged = ['', '{', 'null', '[]', '{"step":"prepared"}', '{"step":"prepared","since":"x","waitedMs":1}']
    for (const text of [undefined, ...damaged]) expect(parseRecord(text)).toEqual(none)
    const negative = '{"step":"activated","since":"2026-01-01T00:00:00Z","waitedMs":-1,"leafLifeMs":0}'
    expect(parseRecord(negative)).toEqual(none)
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseRecord(text)).toEqual(none)
      }),
    )
  })
})
