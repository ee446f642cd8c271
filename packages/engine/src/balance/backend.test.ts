import { expect, test } from 'vitest'
import { equalCandidates, seeded } from '../../test/candidates.ts'
import { type Backend, createBackend } from './backend.ts'

const CONTEXT = { here: { region: '', zone: '' }, random: seeded(1) }
const POLICY = { outlierDetection: { consecutiveFailures: 2 }, retryBudget: { percent: 30 } }
const SECOND = 1_000_000

function next(previous: Backend | undefined, count: number, policy: Backend['policy'] = POLICY): Backend {
  const kept = previous?.candidates ?? []
  const endpoints = [...kept, ...equalCandidates(count).slice(kept.length)]
  return createBackend({ policy, endpoints, nowUs: SECOND }, previous, CONTEXT)
}

test('a new version of the endpoints keeps what is known of them, and the budget', () => {
  const before = next(undefined, 2)
  before.budget.countRequest(1)
  for (let i = 0; i < 2; i++) before.outliers!.observe(before.candidates[0]!, 'failure', SECOND)
  const after = next(before, 3)
  expect(after.candidates.slice(0, 2)).toEqual(before.candidates)
  expect(after.candidates[0]!.ejectedUntilUs).toBeGreaterThan(SECOND)
  expect(after.budget).toBe(before.budget)
  expect(after.outliers).toBe(before.outliers)
  for (let i = 0; i < 50; i++)
    expect(after.balancer.pick({ nowUs: 2 * SECOND, random: Math.random, tried: undefined })).not.toBe(0)
})

test('a policy that changes begins anew, as far as it changes', () => {
  const before = next(undefined, 2)
  const other = next(before, 2, { ...POLICY, retryBudget: { percent: 10 } })
  expect(other.outliers).toBe(before.outliers)
  expect(other.budget.options.percent).toBe(10)
  const another = next(before, 2, { ...POLICY, outlierDetection: { consecutiveFailures: 9 } })
  expect(another.outliers).not.toBe(before.outliers)
  expect(another.budget).toBe(before.budget)
})

test('endpoints come back when nobody asks for outlier detection any more', () => {
  const before = next(undefined, 2)
  for (let i = 0; i < 2; i++) before.outliers!.observe(before.candidates[0]!, 'failure', SECOND)
  const after = next(before, 2, {})
  expect(after.outliers).toBeUndefined()
  expect(after.candidates[0]!.ejectedUntilUs).toBe(SECOND)
  expect(after.budget.options.percent).toBe(20)
})

test('what to hash is only told to those that hash', () => {
  const hashOn = [{ header: 'x-user' }]
  expect(next(undefined, 2, { balancer: { type: 'BALANCER_TYPE_MAGLEV', hashOn } }).hashOn).toBe(hashOn)
  expect(next(undefined, 2, { balancer: { type: 'BALANCER_TYPE_RANDOM', hashOn } }).hashOn).toEqual([])
})
