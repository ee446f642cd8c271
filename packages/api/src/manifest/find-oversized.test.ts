import { processorMsOf } from '@heddle/testkit/processor-time'
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
    let findings: ReturnType<typeof checkObject> = []
    const tookMs = processorMsOf(() => {
      findings = checkObject(object, { others: [], nowMs: 0 })
    })
    expect(findings.filter(({ severity }) => severity === 'error').map(({ path }) => formatPath(path))).toEqual([field])
    expect(findings.map(({ reason }) => reason).join()).toMatch(
      /a (list|map) of 10000\d.* is far too large: at most \d+/,
    )
    expect(tookMs).toBeLessThan(5_000)
  })

  test('as many expressions as a route may have, each as large as it may be', () => {
    const headers = Array.from({ length: 16 }, (_, at) => expression(at))
    const matches = Array.from({ length: 8 }, () => ({ headers }))
    const object = route({ rules: Array.from({ length: 16 }, () => ({ matches })) })
    let findings: ReturnType<typeof checkObject> = []
    const tookMs = processorMsOf(() => {
      findings = checkObject(object, { others: [], nowMs: 0 })
    })
    expect(findings.map(({ reason }) => reason).join()).toMatch(/more than \d+ instructions/)
    expect(tookMs).toBeLessThan(5_000)
  })
})
