import { readFileSync } from 'node:fs'
import { PROXY_ERRORS, toErrorCode } from '@heddle/api/proxy-errors'
import { expect, test } from 'vitest'
import { renderLimitsPage } from '../limits-page.ts'
import { renderErrorsPage } from './errors-page.ts'
import { ProxyError, toProxyError } from './proxy-error.ts'

const page = (path: string) => readFileSync(new URL(`../../../../docs/${path}`, import.meta.url), 'utf8')

test('docs/errors.md is what the table says; else run `npm run gen`', () => {
  expect(page('errors.md')).toBe(renderErrorsPage())
})

test('docs/reference/limits.md is what the table says; else run `npm run gen`', () => {
  expect(page('reference/limits.md')).toBe(renderLimitsPage())
})

test.each(Object.entries(PROXY_ERRORS).map(([code, spec]) => ({ code, ...spec })))(
  '$code has a status of its kind, and says what happened and what to try',
  ({ code, status, meaning, hint }) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(meaning).toMatch(/^[A-Z].*\.$/)
    expect(hint).toMatch(/^[A-Z].*\.$/)
  },
)

test('toProxyError() keeps what it knows, and calls all else internal', () => {
  const known = new ProxyError('draining', 'stopping')
  expect(toProxyError(known)).toBe(known)
  expect(toProxyError(new TypeError('x is undefined'))).toMatchObject({
    code: 'internal_error',
    message: 'x is undefined',
  })
})

test.each([
  { text: 'draining', code: 'draining' },
  { text: 'toString', code: undefined },
  { text: undefined, code: undefined },
])('toErrorCode() of $text is $code', ({ text, code }) => {
  expect(toErrorCode(text)).toBe(code)
})
