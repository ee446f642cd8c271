import type { CorsJson } from '@heddle/api/discovery/route'
import { createFields } from '@heddle/http/fields'
import { describe, expect, test } from 'vitest'
import { answerPreflight, type Cors, compileCors, corsResponseChange, isPreflight } from './cors.ts'
import { applyHeaderChange } from './header-change.ts'
import { createRequestFacts } from './request-facts.ts'

function compile(json: CorsJson): Cors {
  const problems: string[] = []
  const cors = compileCors(json, { regex: undefined, onProblem: (problem) => problems.push(problem) })
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return cors
}

function preflight(json: CorsJson, headers: Record<string, string>) {
  const request = createRequestFacts({ method: 'OPTIONS', headers: Object.entries(headers) })
  const { status, headers: lines } = answerPreflight(compile(json), request)
  return { status, headers: Object.fromEntries(lines.map(({ name, value }) => [name, value])) }
}

function answered(json: CorsJson, origin: string | undefined, backend: (readonly [string, string])[] = []) {
  const request = createRequestFacts({ headers: origin === undefined ? [] : [['origin', origin]] })
  const fields = createFields(backend)
  applyHeaderChange(corsResponseChange(compile(json), request), fields)
  return Object.fromEntries(Array.from({ length: fields.count }, (_, at) => [fields.nameAt(at), fields.valueAt(at)]))
}

const POLICY: CorsJson = {
  allowOrigins: ['https://www.foo.com', 'https://*.bar.com', 'http://plain.example:8080'],
  allowMethods: ['GET', 'OPTIONS'],
  allowHeaders: ['x-header-1', 'x-header-2'],
  exposeHeaders: ['x-header-3', 'x-header-4'],
  allowCredentials: true,
  maxAge: 3600,
}

describe('all origins with credentials', () => {
  const all: CorsJson = { allowOrigins: ['*'], allowCredentials: true }

  test.each([
    { origin: 'https://shop.example' },
    { origin: 'http://[::1]:8080' },
    { origin: 'moz-extension://1f0d2f5e-57c4-4a4b-9b6b-5a8c6f1f0001' },
  ])('$origin is let in by its name', ({ origin }) => {
    expect(answered(all, origin)['access-control-allow-origin']).toBe(origin)
    expect(answered(all, origin)['access-control-allow-credentials']).toBe('true')
  })

  test.each([
    { origin: 'null' },
    { origin: '*' },
    { origin: 'https://*.example' },
    { origin: 'https://a.example, https://b.example' },
    { origin: 'https://a.example/path' },
    { origin: 'https://user@a.example' },
    { origin: 'a.example' },
    { origin: '' },
  ])('"$origin" is none, and never sent back', ({ origin }) => {
    const backend = [['access-control-allow-origin', origin]] as const
    const headers = answered(all, origin, [...backend])
    expect(headers['access-control-allow-origin']).toBeUndefined()
    expect(headers['access-control-allow-credentials']).toBeUndefined()
    expect(preflight(all, { origin, 'access-control-request-method': 'PUT' })).toEqual({
      status: 403,
      headers: { vary: 'origin, access-control-request-method, access-control-request-headers' },
    })
  })

  test('without credentials the answer is the same for everybody', () => {
    expect(answered({ allowOrigins: ['*'] }, 'null')['access-control-allow-origin']).toBe('*')
  })
})

describe('origins', () => {
  test.each([
    { origin: 'https://www.foo.com', isAllowed: true },
    { origin: 'https://www.foo.com:443', isAllowed: true },
    { origin: 'https://WWW.foo.com', isAllowed: true },
    { origin: 'https://www.foo.com:8443', isAllowed: false },
    { origin: 'http://www.foo.com', isAllowed: false },
    { origin: 'https://foo.com', isAllowed: false },
    { origin: 'https://www.foo.com.evil.example', isAllowed: false },
    { origin: 'https://www.bar.com', isAllowed: true },
    { origin: 'https://xpto.www.bar.com', isAllowed: true },
    { origin: 'https://bar.com', isAllowed: false },
    { origin: 'https://.bar.com', isAllowed: false },
    { origin: 'https://evilbar.com', isAllowed: false },
    { origin: 'https://www.bar.com.evil.example', isAllowed: false },
    { origin: 'https://evil.example/.bar.com', isAllowed: false },
    { origin: 'https://evil.example#.bar.com', isAllowed: false },
    { origin: 'http://www.bar.com', isAllowed: false },
    { origin: 'http://plain.example:8080', isAllowed: true },
    { origin: 'http://plain.example', isAllowed: false },
    { origin: 'null', isAllowed: false },
    { origin: '', isAllowed: false },
    { origin: '*', isAllowed: false },
  ])('$origin: $isAllowed', ({ origin, isAllowed }) => {
    expect(answered(POLICY, origin)['access-control-allow-origin']).toBe(isAllowed ? origin : undefined)
  })

  test.each([
    { allowed: '*', origin: 'null', isAllowed: false },
    { allowed: '*', origin: 'https://any.example:1234', isAllowed: true },
    { allowed: 'https://*', origin: 'https://any.example', isAllowed: true },
    { allowed: 'https://*', origin: 'http://any.example', isAllowed: false },
    { allowed: 'https://*:8443', origin: 'https://any.example:8443', isAllowed: true },
    { allowed: 'https://*:8443', origin: 'https://any.example', isAllowed: false },
  ])('$allowed lets $origin in: $isAllowed', ({ allowed, origin, isAllowed }) => {
    const json = { allowOrigins: [allowed], allowCredentials: true }
    expect(answered(json, origin)['access-control-allow-origin']).toBe(isAllowed ? origin : undefined)
  })

  test.each([
    { origin: 'foo.com' },
    { origin: 'https://a.*.b.*' },
    { origin: 'https://a/b' },
    { origin: 'https://a b' },
  ])('refuses the policy for $origin', ({ origin }) => {
    expect(() => compile({ allowOrigins: [origin] })).toThrow('cannot be an origin')
  })
})

describe('answerPreflight()', () => {
  const asked = {
    origin: 'https://www.foo.com',
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'x-a, x-b',
  }
  const vary = 'origin, access-control-request-method, access-control-request-headers'

  test('grants what the policy says', () => {
    expect(preflight(POLICY, asked)).toEqual({
      status: 200,
      headers: {
        'access-control-allow-origin': 'https://www.foo.com',
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'GET, OPTIONS',
        'access-control-allow-headers': 'x-header-1, x-header-2',
        'access-control-expose-headers': 'x-header-3, x-header-4',
        'access-control-max-age': '3600',
        vary,
      },
    })
  })

  test('grants nothing to an origin that is not let in', () => {
    expect(preflight(POLICY, { ...asked, origin: 'https://foobar.com' })).toEqual({ status: 403, headers: { vary } })
  })

  test('grants everything by wildcards', () => {
    const all = ['*']
    expect(
      preflight({ allowOrigins: all, allowMethods: all, allowHeaders: all, exposeHeaders: all }, asked).headers,
    ).toEqual({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': '*',
      'access-control-allow-headers': '*',
      'access-control-expose-headers': '*',
      'access-control-max-age': '5',
      vary,
    })
  })

  test('never says * where there are credentials', () => {
    const all = ['*']
    const json = { allowOrigins: all, allowMethods: all, allowHeaders: all, exposeHeaders: all, allowCredentials: true }
    expect(preflight(json, asked).headers).toEqual({
      'access-control-allow-origin': 'https://www.foo.com',
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'x-a, x-b',
      'access-control-max-age': '5',
      vary,
    })
    const lines = ['', 'x-a', '', 'x-b', ''].map((value) => ['access-control-request-headers', value] as const)
    const inLines = createRequestFacts({ method: 'OPTIONS', headers: [...Object.entries(asked).slice(0, 2), ...lines] })
    expect(answerPreflight(compile(json), inLines).headers).toContainEqual({
      name: 'access-control-allow-headers',
      value: 'x-a, x-b',
    })
    const { 'access-control-request-headers': _, ...without } = asked
    expect(preflight(json, without).headers).not.toHaveProperty('access-control-allow-headers')
  })
})

describe('corsResponseChange()', () => {
  test('tells the origin what it may read', () => {
    expect(answered(POLICY, 'https://www.bar.com')).toEqual({
      'access-control-allow-origin': 'https://www.bar.com',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'x-header-3, x-header-4',
      vary: 'origin',
    })
  })

  test('puts the policy in place of what the backend says', () => {
    const backend = [
      ['access-control-allow-origin', '*'],
      ['access-control-allow-credentials', 'true'],
    ] as const
    expect(answered(POLICY, 'https://evil.example', [...backend])).toEqual({ vary: 'origin' })
    expect(answered({ allowOrigins: ['*'] }, 'https://a.example', [...backend])).toEqual({
      'access-control-allow-origin': '*',
    })
  })

  test('says to caches that it varies, also where no origin asks', () => {
    expect(answered(POLICY, undefined)).toEqual({ vary: 'origin' })
    expect(answered({ allowOrigins: ['*'] }, undefined)).toEqual({})
  })
})

test.each([
  {
    method: 'OPTIONS',
    headers: [
      ['origin', 'https://a'],
      ['access-control-request-method', 'PUT'],
    ],
    is: true,
  },
  { method: 'OPTIONS', headers: [['origin', 'https://a']], is: false },
  { method: 'OPTIONS', headers: [['access-control-request-method', 'PUT']], is: false },
  {
    method: 'GET',
    headers: [
      ['origin', 'https://a'],
      ['access-control-request-method', 'PUT'],
    ],
    is: false,
  },
])('isPreflight() of $method with $headers is $is', ({ method, headers, is }) => {
  expect(isPreflight(createRequestFacts({ method, headers: headers as [string, string][] }))).toBe(is)
})

test('what cannot be a method or a header is a problem', () => {
  const problem = 'a CORS filter names what cannot be a method or header: '
  expect(() => compile({ ...POLICY, allowMethods: ['GET', 'a/b'] })).toThrow(`${problem}GET, a/b`)
  expect(() => compile({ ...POLICY, exposeHeaders: ['x-a\r\nset-cookie'] })).toThrow(problem)
})
