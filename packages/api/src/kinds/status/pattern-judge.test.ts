import fc from 'fast-check'
import { RE2JS } from 're2js'
import { describe, expect, test } from 'vitest'
import { estimateInstructions } from './estimate-instructions.ts'
import { PatternJudge } from './pattern-judge.ts'

const { pattern: PATTERN } = fc.letrec<{ readonly pattern: string; readonly part: string }>((tie) => ({
  pattern: fc.array(tie('part'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
  part: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      'a',
      '.',
      '[a-z]',
      '[]x]',
      '[^]]',
      '[[:alpha:]-]',
      '\\d',
      '\\pL',
      '\\p{Greek}',
      '\\x{41}',
      '\\Qa{9}\\E',
      '\\{',
    ),
    fc.tuple(fc.constantFrom('(', '(?:', '(?i:', '(?P<n>'), tie('pattern')).map(([open, inner]) => `${open}${inner})`),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(tie('pattern'), fc.constantFrom('*', '+?', '?', '{3}', '{2,5}', '{0,4}', '{7,}'))
      .map(([inner, times]) => `(?:${inner})${times}`),
  ),
}))

/** `undefined`: RE2 takes it for none, as where a name is given twice or repetitions are above 1,000. */
function sizeOf(pattern: string): number | undefined {
  try {
    return RE2JS.compile(pattern).programSize()
  } catch {
    return undefined
  }
}

describe('estimateInstructions()', () => {
  test('is right within a factor of four, for expressions that are not small', () => {
    fc.assert(
      fc.property(PATTERN, (pattern) => {
        const size = sizeOf(pattern)
        fc.pre(size !== undefined)
        const expected = estimateInstructions(pattern)
        expect(expected).toBeGreaterThanOrEqual((size - 10) / 4)
        expect(expected).toBeLessThanOrEqual(size * 4 + 10)
      }),
      { numRuns: 500 },
    )
  })

  test('takes any text', () => {
    fc.assert(fc.property(fc.string(), (text) => void expect(estimateInstructions(text)).toBeGreaterThanOrEqual(0)))
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...'()[]{}\\QExp|*9,:^'), { maxLength: 200 }), (marks) => {
        expect(estimateInstructions(marks.join(''))).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})

describe('PatternJudge', () => {
  test.each([
    { name: 'repetitions in a row', pattern: 'a{1,1000}'.repeat(113) },
    { name: 'repetitions within repetitions', pattern: '((a{10}){10}){10}'.repeat(50) },
    { name: 'classes', pattern: '\\pL{1000}'.repeat(100) },
    { name: 'a little too much', pattern: '(?:abc){500}' },
  ])('refuses $name, which would take long to compile', ({ pattern }) => {
    expect(new PatternJudge().findFault(pattern)).toContain('more than 1000 instructions')
  })

  test('refuses what is too much together', () => {
    const judge = new PatternJudge()
    const faults = Array.from({ length: 60 }, () => judge.findFault('[a-z]{980}'))
    expect(faults.filter((fault) => fault === undefined)).toHaveLength(50)
    expect(faults.at(-1)).toContain('all of them compile to more than 50000 instructions')
    expect(judge.findFault('/v[0-9]+/.*')).toBeUndefined()
  })

  test.each([
    { pattern: '/v[0-9]+/.*' },
    { pattern: '(?i)^(foo|bar)[[:alnum:]]{1,64}\\x{2F}?$' },
    { pattern: '.{0,255}' },
  ])('takes $pattern', ({ pattern }) => expect(new PatternJudge().findFault(pattern)).toBeUndefined())

  test('says what RE2 says', () => {
    expect(new PatternJudge().findFault('(')).toBe('missing closing ): `(`')
    expect(new PatternJudge().findFault('a'.repeat(1_025))).toBe('has more than 1024 characters')
  })
})
