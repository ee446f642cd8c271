import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LabelIndex, selects } from './label-index.ts'

const labels = fc.dictionary(fc.constantFrom('app', 'tier', 'constructor'), fc.constantFrom('a', 'b'), {
  noNullPrototype: true,
})
const item = fc.record({ namespace: fc.constantFrom('one', 'two'), labels })

test('selects() wants every label of the selector, and an empty selector selects nothing', () => {
  expect(selects({ app: 'web' }, { app: 'web', tier: 'front' })).toBe(true)
  expect(selects({ app: 'web', tier: 'back' }, { app: 'web', tier: 'front' })).toBe(false)
  expect(selects({}, { app: 'web' })).toBe(false)
  expect(selects(undefined, { app: 'web' })).toBe(false)
  expect(selects({ toString: 'x' }, {})).toBe(false)
})

test('LabelIndex finds what looking at every item finds, also after removals', () => {
  fc.assert(
    fc.property(fc.array(item), fc.array(fc.nat(20)), item, (items, removed, wanted) => {
      const index = new LabelIndex<(typeof items)[number]>((one) => one)
      const gone = new Set(removed.flatMap((i) => items[i] ?? []))
      for (const one of items) index.add(one)
      for (const one of gone) index.remove(one)
      const expected = items.filter((one) => {
        return !gone.has(one) && one.namespace === wanted.namespace && selects(wanted.labels, one.labels)
      })
      expect(new Set(index.select(wanted.namespace, wanted.labels))).toEqual(new Set(expected))
    }),
  )
})
