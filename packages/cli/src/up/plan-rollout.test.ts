import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planRollout, type RolloutInstance, type RolloutStep, type RolloutTarget } from './plan-rollout.ts'

const NEW: RolloutTarget = { replicas: 2, fingerprint: 'new' }
const one = (ordinal: number, fingerprint: string, state: RolloutInstance['state'] = 'ready'): RolloutInstance => ({
  ordinal,
  fingerprint,
  state,
})

test.each<{ name: string; instances: RolloutInstance[]; step: RolloutStep }>([
  { name: 'starts all at the beginning', instances: [], step: { kind: 'start', ordinals: [0, 1] } },
  { name: 'waits while they start', instances: [one(0, 'new'), one(1, 'new', 'starting')], step: { kind: 'wait' } },
  { name: 'is done when all are ready', instances: [one(0, 'new'), one(1, 'new')], step: { kind: 'done' } },
  {
    name: 'fills a gap with the lowest free number',
    instances: [one(1, 'new')],
    step: { kind: 'start', ordinals: [0] },
  },
  {
    name: 'stops the highest numbers when there are too many',
    instances: [one(0, 'new'), one(1, 'new'), one(2, 'new')],
    step: { kind: 'stop', ordinals: [2] },
  },
  {
    name: 'starts a new one beside the old ones',
    instances: [one(0, 'old'), one(1, 'old')],
    step: { kind: 'start', ordinals: [2] },
  },
  {
    name: 'keeps the old ones while the new one is not ready',
    instances: [one(0, 'old'), one(1, 'old'), one(2, 'new', 'starting')],
    step: { kind: 'wait' },
  },
  {
    name: 'lets one old go for each new one that is ready',
    instances: [one(0, 'old'), one(1, 'old'), one(2, 'new')],
    step: { kind: 'stop', ordinals: [1] },
  },
  {
    name: 'waits until that has gone',
    instances: [one(0, 'old'), one(1, 'old', 'leaving'), one(2, 'new')],
    step: { kind: 'wait' },
  },
])('planRollout() $name', ({ instances, step }) => {
  expect(planRollout(instances, NEW)).toEqual(step)
})

test('planRollout() reaches its target from anywhere, never with fewer ready ones than both before and after', () => {
  const instance = fc.record({
    fingerprint: fc.constantFrom('new', 'old', 'older'),
    state: fc.constantFrom<RolloutInstance['state']>('starting', 'ready', 'leaving'),
  })
  fc.assert(
    fc.property(fc.array(instance, { maxLength: 6 }), fc.nat(5), (some, replicas) => {
      let instances: RolloutInstance[] = some.map((each, ordinal) => ({ ...each, ordinal }))
      const target = { replicas, fingerprint: 'new' }
      const least = Math.min(replicas, countReady(instances))
      for (let turn = 0; turn < 100; turn++) {
        const step = planRollout(instances, target)
        if (step.kind === 'done') break
        instances = perform(instances, step)
        expect(countReady(instances)).toBeGreaterThanOrEqual(least)
      }
      expect(instances.every((each) => each.fingerprint === 'new' && each.state === 'ready')).toBe(true)
      expect(instances.length).toBe(replicas)
    }),
  )
})

const countReady = (instances: readonly RolloutInstance[]) => instances.filter((each) => each.state === 'ready').length

/** While it waits, what starts becomes ready and what leaves is gone. */
function perform(instances: readonly RolloutInstance[], step: RolloutStep): RolloutInstance[] {
  switch (step.kind) {
    case 'start':
      return [...instances, ...step.ordinals.map((ordinal) => one(ordinal, 'new', 'starting'))]
    case 'stop':
      return instances.map((each) => (step.ordinals.includes(each.ordinal) ? { ...each, state: 'leaving' } : each))
    default:
      return instances
        .filter((each) => each.state !== 'leaving')
        .map((each) => (each.state === 'starting' ? { ...each, state: 'ready' } : each))
  }
}
