import { systemClock } from '@heddle/base/clock'
import { describe, expect, test } from 'vitest'
import { checkObject } from './check-object.ts'
import { formatPath } from './finding.ts'

const MANY = 100_000
const SERVICE = { group: '', kind: 'Service', name: 'web' }

function list<T>(toItem: (at: number) => T): T[] {
  return Array.from({ length: MANY }, (_, at) => toItem(at))
}

function fields(name: string): Record<string, number> {
  return Object.fromEntries(list((at) => [`${name}${at}`, 1]))
}

function route(spec: object): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { parentRefs: [SERVICE], ...spec },
  }
}

const expression = (at: number) => ({
  name: `x${at}`,
  type: 'RegularExpression',
  value: `(a{1,100}|b{1,100}){1,4}${at}`,
})

describe('checkObject() soon says what is wrong with', () => {
  test.each([
    { field: 'spec.parentRefs', object: route({ parentRefs: list((at) => ({ ...SERVICE, name: `w${at}` })) }) },
    { field: 'spec.rules', object: route({ rules: list(() => ({})) }) },
    {
      field: 'spec.rules[0].matches[0].headers',
      object: route({ rules: [{ matches: [{ headers: list(expression) }] }] }),
    },
    { field: 'spec.rules[0]', object: route({ rules: [fields('matche')] }) },
    { field: 'spec', object: route(fields('rule')) },
    { field: 'metadata.labels', object: { ...route({}), metadata: { name: 'web', labels: fields('a') } } },
  ])('a hundred thousand entries at $field', ({ field, object }) => {
    const startUs = systemClock.monotonicUs()
    const findings = checkObject(object, { others: [], nowMs: 0 })
    expect(findings.filter(({ severity }) => severity === 'error').map(({ path }) => formatPath(path))).toEqual([field])
    expect(findings.map(({ reason }) => reason).join()).toMatch(
      /a (list|map) of 10000\d.* is far too large: at most \d+/,
    )
    expect(systemClock.monotonicUs() - startUs).toBeLessThan(5e6)
  })

  test('as many expressions as a route may have, each as large as it may be', () => {
    const startUs = systemClock.monotonicUs()
    const headers = Array.from({ length: 16 }, (_, at) => expression(at))
    const matches = Array.from({ length: 8 }, () => ({ headers }))
    const findings = checkObject(route({ rules: Array.from({ length: 16 }, () => ({ matches })) }), {
      others: [],
      nowMs: 0,
    })
    expect(findings.map(({ reason }) => reason).join()).toMatch(/more than \d+ instructions/)
    expect(systemClock.monotonicUs() - startUs).toBeLessThan(5e6)
  })
})
