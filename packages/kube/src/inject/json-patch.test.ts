import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyPatch } from '../../test/apply-patch.ts'
import { diffJson } from './json-patch.ts'

test.each([
  { name: 'says nothing of what is equal', before: { a: [1, { b: 2 }] }, after: { a: [1, { b: 2 }] }, steps: [] },
  {
    name: 'adds, replaces and removes fields',
    before: { a: 1, b: { c: 2 }, d: 3 },
    after: { a: 1, b: { c: 4 }, e: 5 },
    steps: [
      { op: 'replace', path: '/b/c', value: 4 },
      { op: 'remove', path: '/d' },
      { op: 'add', path: '/e', value: 5 },
    ],
  },
  {
    name: 'puts entries in front of a list without touching the others',
    before: { list: [{ name: 'own' }] },
    after: { list: [{ name: 'a' }, { name: 'b' }, { name: 'own' }] },
    steps: [
      { op: 'add', path: '/list/0', value: { name: 'a' } },
      { op: 'add', path: '/list/1', value: { name: 'b' } },
    ],
  },
  {
    name: 'escapes names',
    before: { m: {} },
    after: { m: { 'heddle.dev/inject': 'x', 'a~b': 'y' } },
    steps: [
      { op: 'add', path: '/m/heddle.dev~1inject', value: 'x' },
      { op: 'add', path: '/m/a~0b', value: 'y' },
    ],
  },
])('diffJson() $name', ({ before, after, steps }) => {
  expect(diffJson(before, after)).toEqual(steps)
})

const JSON_VALUE = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown)

test('the steps of diffJson() make of the one value the other', () => {
  fc.assert(
    fc.property(JSON_VALUE, JSON_VALUE, (before, after) => {
      expect(applyPatch(structuredClone(before), diffJson(before, after))).toEqual(after)
    }),
  )
})
