import { expect, test } from 'vitest'
import { PLAIN } from '../../output/style.ts'
import type { CategoryResult } from './check.ts'
import { formatAll, formatFailures, toCheckJson } from './format-results.ts'

const FAILED: readonly CategoryResult[] = [
  {
    name: 'control-plane',
    checks: [{ id: 'control-plane-answers', description: 'control plane answers', verdict: { kind: 'success' } }],
  },
  {
    name: 'workloads',
    checks: [
      {
        id: 'workloads-ready',
        description: 'workloads are ready',
        verdict: { kind: 'error', details: ['shop/web-0: refused'], remedy: 'Look at its log.' },
      },
      {
        id: 'workloads-exist',
        description: 'the mesh has workloads',
        verdict: { kind: 'warning', details: ['none'], remedy: 'Add one.' },
      },
    ],
  },
]
const WELL = FAILED.slice(0, 1)

test('formatAll() shows each check with its mark, and what to do below it', () => {
  expect(formatAll(FAILED, PLAIN)).toBe(`control-plane
-------------
√ control plane answers

workloads
---------
× workloads are ready
    shop/web-0: refused
    Look at its log.
    see docs/reference/checks.md#workloads-ready
‼ the mesh has workloads
    none
    Add one.
    see docs/reference/checks.md#workloads-exist

Status check results are ×
`)
})

test('formatFailures() shows only what is not well', () => {
  expect(formatFailures(FAILED, PLAIN)).not.toContain('control plane answers')
  expect(formatFailures(FAILED, PLAIN)).toContain('× workloads are ready')
  expect(formatFailures(WELL, PLAIN)).toBe('Status check results are √\n')
})

test('a long list of details is cut, and says so', () => {
  const details = Array.from({ length: 12 }, (_, i) => `shop/web-${i}: refused`)
  const verdict = { kind: 'error' as const, details, remedy: 'Look.' }
  const text = formatAll([{ name: 'workloads', checks: [{ id: 'x', description: 'y', verdict }] }], PLAIN)
  expect(text).toContain('shop/web-9: refused\n    and 2 more\n')
  expect(text).not.toContain('web-10')
})

test('toCheckJson() has stable keys', () => {
  expect(toCheckJson(FAILED)).toEqual({
    success: false,
    categories: [
      {
        name: 'control-plane',
        checks: [{ id: 'control-plane-answers', description: 'control plane answers', result: 'success' }],
      },
      {
        name: 'workloads',
        checks: [
          {
            id: 'workloads-ready',
            description: 'workloads are ready',
            result: 'error',
            details: ['shop/web-0: refused'],
            remedy: 'Look at its log.',
            hint: 'docs/reference/checks.md#workloads-ready',
          },
          {
            id: 'workloads-exist',
            description: 'the mesh has workloads',
            result: 'warning',
            details: ['none'],
            remedy: 'Add one.',
            hint: 'docs/reference/checks.md#workloads-exist',
          },
        ],
      },
    ],
  })
})
