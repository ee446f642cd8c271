import { describe, expect, test } from 'vitest'
import { documents } from './manifest-fixture.ts'
import { BACKEND, grpc, http, mistakesIn } from './mistakes-fixture.ts'

/** Problems that are about matches that never win. */
function overlapsIn(...texts: readonly string[]): readonly string[] {
  return mistakesIn(documents(...texts)).filter((line) => line.includes('never wins'))
}

/** Renames the route and attaches it otherwise. */
function otherwise(text: string, parent: string, namespace = 'shop'): string {
  return text
    .replace('name: to-web, namespace: shop', `name: z, namespace: ${namespace}`)
    .replace('kind: Service, name: web-svc', `kind: Service, ${parent}`)
}

const PLAIN = http(BACKEND)

describe('of two routes', () => {
  test.each([
    { what: 'at one port', other: otherwise(PLAIN, 'name: web-svc, port: 80'), overlaps: 1 },
    { what: 'at one port by name', other: otherwise(PLAIN, 'name: web-svc, sectionName: grpc'), overlaps: 1 },
    { what: 'at different Services', other: otherwise(PLAIN, 'name: old-svc'), overlaps: 0 },
    {
      what: 'for clients of different namespaces',
      other: otherwise(PLAIN, 'name: web-svc, namespace: shop', 'bank'),
      overlaps: 0,
    },
    { what: 'of different kinds', other: otherwise(grpc(BACKEND), 'name: web-svc'), overlaps: 0 },
  ])('$what $overlaps never win', ({ other, overlaps }) => {
    expect(overlapsIn(PLAIN, other)).toHaveLength(overlaps)
  })

  test('the one that covers one more port wins there', () => {
    const narrow = PLAIN.replace('name: web-svc}]', 'name: web-svc, port: 80}]')
    expect(overlapsIn(narrow, otherwise(PLAIN, 'name: web-svc'))).toEqual([])
  })

  test('the older one wins, wherever it is written', () => {
    const older = otherwise(PLAIN, 'name: web-svc').replace('shop}', 'shop, creationTimestamp: "2026-01-01T00:00:00Z"}')
    expect(overlapsIn(PLAIN, older)).toEqual([expect.stringMatching(/^f:7:5: .*of HTTPRoute shop\/z at f:9 has/)])
  })
})

describe('two matches are the same', () => {
  const second = (match: string) => `\n  - matches: [{${match}}]\n    ${BACKEND}`
  test.each([
    { one: 'path: {value: /a}', other: 'path: {value: /a/}', isSame: true },
    { one: 'path: {value: /a}', other: 'path: {type: Exact, value: /a}', isSame: false },
    { one: 'path: {type: Exact, value: /a}', other: 'path: {type: Exact, value: /a/}', isSame: false },
    { one: 'method: GET', other: 'method: POST', isSame: false },
    {
      one: 'headers: [{name: A, value: b}, {name: c, value: d}]',
      other: 'headers: [{name: C, value: d}, {name: a, value: b}]',
      isSame: true,
    },
    { one: 'headers: [{name: a, value: b}]', other: 'headers: [{name: a, value: B}]', isSame: false },
    { one: 'queryParams: [{name: a, value: b}]', other: 'queryParams: [{name: A, value: b}]', isSame: false },
  ])('$one and $other: $isSame', ({ one, other, isSame }) => {
    expect(overlapsIn(http(`matches: [{${one}}]\n${BACKEND}`) + second(other))).toHaveLength(isSame ? 1 : 0)
  })

  test('of gRPC', () => {
    const called = 'method: {service: a.B, method: C}'
    expect(overlapsIn(grpc(`matches: [{${called}}]\n${BACKEND}`) + second(called))).toHaveLength(1)
    expect(overlapsIn(grpc(`matches: [{${called}}]\n${BACKEND}`) + second('method: {service: a.B}'))).toEqual([])
  })
})
