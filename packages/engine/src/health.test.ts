import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createHealthState } from './health.ts'

describe('createHealthState()', () => {
  test.each([
    { name: 'believes a first success at once', observed: 'o', changes: ['healthy'] },
    { name: 'needs the threshold to believe first failures', observed: 'xx', changes: [undefined, undefined] },
    { name: 'believes the third failure', observed: 'xxx', changes: [undefined, undefined, 'unhealthy'] },
    {
      name: 'needs two successes to come back',
      observed: 'xxxoo',
      changes: [undefined, undefined, 'unhealthy', undefined, 'healthy'],
    },
    { name: 'needs two successes after a first failure', observed: 'xoo', changes: [undefined, undefined, 'healthy'] },
    {
      name: 'forgets failures when a success comes between',
      observed: 'oxxoxx',
      changes: ['healthy', undefined, undefined, undefined, undefined, undefined],
    },
    { name: 'reports each change once', observed: 'ooo', changes: ['healthy', undefined, undefined] },
  ])('$name', ({ observed, changes }) => {
    const state = createHealthState({ healthy: 2, unhealthy: 3 })
    expect([...observed].map((sign) => state.observe(sign === 'o'))).toEqual(changes)
  })

  test.each([{ bad: 0 }, { bad: -1 }, { bad: 1.5 }])('refuses a threshold of $bad', ({ bad }) => {
    expect(() => createHealthState({ healthy: bad, unhealthy: 1 })).toThrow(RangeError)
    expect(() => createHealthState({ healthy: 1, unhealthy: bad })).toThrow(RangeError)
  })

  test('never changes its mind within fewer observations than the threshold', () => {
    const threshold = fc.integer({ min: 1, max: 5 })
    fc.assert(
      fc.property(threshold, threshold, fc.array(fc.boolean()), (healthy, unhealthy, observed) => {
        const state = createHealthState({ healthy, unhealthy })
        observed.forEach((ok, at) => {
          const change = state.observe(ok)
          if (change === undefined) return
          const needed = at === 0 && ok ? 1 : ok ? healthy : unhealthy
          expect(observed.slice(at + 1 - needed, at + 1).every((one) => one === ok)).toBe(true)
          expect(state.health).toBe(ok ? 'healthy' : 'unhealthy')
        })
      }),
    )
  })
})
