import { createFields } from '@heddle/http/fields'
import { createRequestHead } from '@heddle/http/message'
import { expect, test } from 'vitest'
import { applyRequestSteps } from './request-steps.ts'
import { compileFilters } from './route-filters.ts'

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

test('compileFilters() refuses a filter that it does not know', () => {
  const problems: string[] = []
  compileFilters([{}], '', { regex: undefined, onProblem: (problem) => problems.push(problem) })
  expect(problems).toEqual(['a filter is of a kind that this version does not know, and no filter may be skipped'])
})
