import { describe, expect, test } from 'vitest'
import { CONTROLLER_NAME } from './controller-name.ts'
import { mergeConditions, mergeEntries, type SaidCondition } from './status-entries.ts'

const NOW = { generation: 3, nowMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678), field: 'parentRef' as const }
const TIME = '2026-01-02T03:04:05Z'
const EARLIER = '2026-01-01T00:00:00Z'

const cart = { group: '', kind: 'Service', name: 'cart' }
const accepted: SaidCondition = { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'in force' }
const written = (lastTransitionTime: string, observedGeneration = 3) => ({
  ...accepted,
  lastTransitionTime,
  observedGeneration,
})
const entry = (parentRef: object, controllerName = CONTROLLER_NAME, time = EARLIER) => {
  return { parentRef, controllerName, conditions: [written(time)] }
}
const foreign = { parentRef: { name: 'gateway' }, controllerName: 'example.org/gateways', conditions: [] }

describe('mergeEntries()', () => {
  test('leaves those of others as they are, and puts ours behind them', () => {
    expect(mergeEntries([foreign], [{ ref: cart, conditions: [accepted] }], NOW)).toEqual([
      foreign,
      entry(cart, CONTROLLER_NAME, TIME),
    ])
  })

  test('says that nothing is to be written when all of it is there, in whatever order', () => {
    const queue = { ...cart, name: 'queue' }
    const said = [cart, queue].map((ref) => ({ ref, conditions: [accepted] }))
    expect(mergeEntries([entry(queue), foreign, entry(cart)], said, NOW)).toBeUndefined()
  })

  test('takes ours out about references that are gone, and all when the object is none of ours any more', () => {
    const old = entry({ ...cart, name: 'old' })
    expect(mergeEntries([old, foreign, entry(cart)], [{ ref: cart, conditions: [accepted] }], NOW)).toEqual([
      foreign,
      entry(cart),
    ])
    expect(mergeEntries([old, foreign], [], NOW)).toEqual([foreign])
    expect(mergeEntries([foreign], [], NOW)).toBeUndefined()
  })

  test('is not misled by an entry of another about the same parent', () => {
    const other = entry(cart, 'example.org/mesh')
    expect(mergeEntries([other], [{ ref: cart, conditions: [accepted] }], NOW)).toEqual([
      other,
      entry(cart, CONTROLLER_NAME, TIME),
    ])
  })
})

describe('mergeConditions()', () => {
  test.each([
    { name: 'another message keeps the time since when it is so', said: { ...accepted, message: 'x' }, time: EARLIER },
    { name: 'another reason keeps the time', said: { ...accepted, reason: 'Other' }, time: EARLIER },
    { name: 'another status sets the time', said: { ...accepted, status: 'False' as const }, time: TIME },
  ])('$name', ({ said, time }) => {
    expect(mergeConditions([written(EARLIER)], [said], NOW)).toEqual([
      { ...said, lastTransitionTime: time, observedGeneration: 3 },
    ])
  })

  test('an older generation is a difference, a type that somebody else wrote stays', () => {
    const other = { ...written(EARLIER), type: 'Other' }
    expect(mergeConditions([other, written(EARLIER, 2)], [accepted], NOW)).toEqual([other, written(EARLIER)])
    expect(mergeConditions([written(EARLIER), other], [accepted], NOW)).toBeUndefined()
  })
})
