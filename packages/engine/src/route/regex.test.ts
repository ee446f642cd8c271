import { describe, expect, test } from 'vitest'
import { compileRegex } from './regex.ts'

describe('compileRegex()', () => {
  test.each([
    { expression: '/v[0-9]+/.*', value: '/v12/x', fits: true },
    { expression: '/v[0-9]+', value: '/v12/x', fits: false },
    { expression: 'v2', value: 'av2', fits: false },
    { expression: '/a|/ab', value: '/ab', fits: true },
    { expression: '(?i)alice', value: 'ALICE', fits: true },
    { expression: '', value: '', fits: true },
  ])('$expression on $value: $fits', ({ expression, value, fits }) => {
    expect(compileRegex(expression).test(value)).toBe(fits)
  })

  test.each([
    { expression: '(', problem: /missing closing/ },
    { expression: '(?=a)', problem: /unsupported Perl syntax/ },
    { expression: String.raw`(a)\1`, problem: /invalid escape/ },
    { expression: '((a{100}){100}){100}', problem: /repeat count/ },
    { expression: '[a-z]{900}[0-9]{900}', problem: /more than 1000/ },
  ])('refuses $expression', ({ expression, problem }) => {
    expect(() => compileRegex(expression)).toThrow(problem)
  })
})
