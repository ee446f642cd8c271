import { createFields } from '@heddle/http/fields'
import { createRequestHead } from '@heddle/http/message'
import { describe, expect, test } from 'vitest'
import { applyHeaderChange, applyRequestHeaderChange, compileHeaderChange } from './header-change.ts'

function compile(json: Parameters<typeof compileHeaderChange>[0]) {
  const problems: string[] = []
  const change = compileHeaderChange(json, { regex: undefined, onProblem: (problem) => problems.push(problem) })
  return { change, problems }
}

function linesAfter(json: Parameters<typeof compileHeaderChange>[0], before: (readonly [string, string])[]) {
  const fields = createFields(before)
  applyHeaderChange(compile(json).change, fields)
  return Array.from({ length: fields.count }, (_, at) => [fields.nameAt(at), fields.valueAt(at)])
}

describe('applyHeaderChange()', () => {
  test.each([
    {
      name: 'sets values without the blanks around them',
      json: { set: [{ name: 'X', value: ' \ta b ' }] },
      before: [],
      after: [['x', 'a b']],
    },
    { name: 'sets what is not there', json: { set: [{ name: 'X', value: '1' }] }, before: [], after: [['x', '1']] },
    {
      name: 'sets in place of all lines',
      json: { set: [{ name: 'x', value: '3' }] },
      before: [
        ['x', '1'],
        ['y', '1'],
        ['x', '2'],
      ],
      after: [
        ['x', '3'],
        ['y', '1'],
      ],
    },
    {
      name: 'adds behind what is there',
      json: { add: [{ name: 'X', value: '2' }] },
      before: [['x', '1']],
      after: [
        ['x', '1'],
        ['x', '2'],
      ],
    },
    {
      name: 'removes all lines',
      json: { remove: ['X'] },
      before: [
        ['x', '1'],
        ['x', '2'],
        ['y', '1'],
      ],
      after: [['y', '1']],
    },
    {
      name: 'goes in the order set, add, remove',
      json: { remove: ['z'], add: [{ name: 'x', value: '2' }], set: [{ name: 'x', value: '1' }] },
      before: [
        ['x', '0'],
        ['z', '0'],
      ],
      after: [
        ['x', '1'],
        ['x', '2'],
      ],
    },
    {
      name: 'takes the first of two equal names',
      json: {
        set: [
          { name: 'x', value: '1' },
          { name: 'X', value: '2' },
        ],
      },
      before: [],
      after: [['x', '1']],
    },
  ])('$name', ({ json, before, after }) => {
    expect(linesAfter(json, before as [string, string][])).toEqual(after)
  })

  test('sets host as the authority of a request', () => {
    const head = createRequestHead({ method: 'GET', path: '/', authority: 'a.example' })
    applyRequestHeaderChange(compile({ set: [{ name: 'Host', value: 'b.example' }] }).change, head)
    expect(head.authority).toBe('b.example')
    applyRequestHeaderChange(compile({ remove: ['Host'] }).change, head)
    expect(head.authority).toBe('b.example')
  })
})

test.each([
  { json: { set: [{ name: 'a b', value: '' }] }, problem: '"a b" cannot be the name of a header field' },
  { json: { add: [{ name: ':path', value: '/' }] }, problem: '":path" cannot be the name of a header field' },
  { json: { remove: [''] }, problem: '"" cannot be the name of a header field' },
  { json: { set: [{ name: 'x', value: 'a\r\ny: b' }] }, problem: 'a header field cannot have the value of x' },
  { json: { set: [{ name: 'Host', value: 'not a host' }] }, problem: '"not a host" cannot be a host name' },
  { json: { set: [{ name: 'x', value: '日' }] }, problem: 'a header field cannot have the value of x' },
])('compileHeaderChange() refuses $json', ({ json, problem }) => {
  expect(compile(json).problems).toEqual([problem])
})
