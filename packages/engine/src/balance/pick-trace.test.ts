import { expect, test } from 'vitest'
import { createPickTrace, explainPick, type PickReason, tellCosts, tellPick } from './pick-trace.ts'

const nameOf = (index: number) => `shop/cart-${index}:80`

test.each([
  {
    reason: 'faster',
    costs: [64_030, 31_200],
    told: 'of two drawn it costs 31.2 ms, and shop/cart-1:80 64.0 ms',
  },
  {
    reason: 'fewer-requests',
    costs: [1, 1.5],
    told: 'of two drawn it would have 1 request, and shop/cart-1:80 1.5 requests',
  },
  { reason: 'other-passed-over', told: 'it was drawn, and shop/cart-1:80, which is passed over' },
  { reason: 'turn', told: 'it is its turn' },
  { reason: 'session', told: 'the session of the request is there' },
  { reason: 'only', told: '' },
] as const)('a pick is explained in a sentence: $reason', ({ reason, told, ...about }) => {
  const trace = createPickTrace()
  tellPick(trace, reason, 1)
  if ('costs' in about) tellCosts(trace, about.costs[0], about.costs[1])
  expect(explainPick(trace, nameOf)).toBe(told)
})

test('nothing is left of the pick before', () => {
  const trace = createPickTrace()
  tellPick(trace, 'faster', 1)
  tellCosts(trace, 2, 1)
  for (const reason of ['drawn', 'none'] satisfies PickReason[]) {
    tellPick(trace, reason)
    expect(trace).toEqual({ ...createPickTrace(), reason })
  }
})
