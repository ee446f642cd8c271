import { createFields } from '@heddle/http/fields'
import { createRequestHead } from '@heddle/http/message'
import { expect, test } from 'vitest'
import { applyRequestSteps } from './request-steps.ts'
import { compileFilters, joinFilters } from './route-filters.ts'

test('applyRequestSteps() changes host, path and fields as the filters say, in their order', () => {
  const problems: string[] = []
  const { requestSteps } = compileFilters(
    [
      { requestHeaders: { set: [{ name: 'x', value: '1' }], remove: ['gone'] } },
      { rewrite: { hostname: 'b.example', path: { replacePrefixMatch: '/new' } } },
      { requestHeaders: { add: [{ name: 'x', value: '2' }] } },
    ],
    '/old',
    { regex: undefined, onProblem: (problem) => problems.push(problem) },
  )
  const fields = createFields([['gone', '1']])
  const head = createRequestHead({ method: 'GET', path: '/old/a?b', authority: 'a.example:80', fields })

  applyRequestSteps(requestSteps, head)

  expect(problems).toEqual([])
  expect(head).toMatchObject({ path: '/new/a?b', authority: 'b.example' })
  expect(head.fields.getAll('x')).toEqual(['1', '2'])
  expect(head.fields.has('gone')).toBe(false)
})

test('applyRequestSteps() leaves a path that the rule has replaced to a backend that would replace its prefix', () => {
  const context = { regex: undefined, onProblem: (problem: string) => expect.fail(problem) }
  const ofRule = compileFilters([{ rewrite: { path: { replaceFullPath: '/all' } } }], '/old', context)
  const ofBackend = compileFilters([{ rewrite: { path: { replacePrefixMatch: '/' } } }], '/old', context)
  const head = createRequestHead({ method: 'GET', path: '/old/a?b', authority: 'a.example' })

  applyRequestSteps(joinFilters(ofRule, ofBackend).requestSteps, head)

  expect(head.path).toBe('/all?b')
})

test('compileFilters() refuses a filter that it does not know', () => {
  const problems: string[] = []
  compileFilters([{}], '', { regex: undefined, onProblem: (problem) => problems.push(problem) })
  expect(problems).toEqual(['a filter is of a kind that this version does not know, and no filter may be skipped'])
})
