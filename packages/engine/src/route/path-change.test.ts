import { describe, expect, test } from 'vitest'
import { changePath, compilePathChange } from './path-change.ts'

function change(json: Parameters<typeof compilePathChange>[0], prefix: string | undefined) {
  const problems: string[] = []
  const context = { regex: undefined, onProblem: (problem: string) => problems.push(problem) }
  const compiled = compilePathChange(json, prefix, context)
  return { compiled, problems }
}

describe('changePath()', () => {
  // The table of the Gateway API, HTTPPathModifier.replacePrefixMatch; then what it leaves open.
  test.each([
    { path: '/foo/bar', prefix: '/foo', replacement: '/xyz', changed: '/xyz/bar' },
    { path: '/foo/bar', prefix: '/foo', replacement: '/xyz/', changed: '/xyz/bar' },
    { path: '/foo', prefix: '/foo', replacement: '/xyz', changed: '/xyz' },
    { path: '/foo/', prefix: '/foo', replacement: '/xyz', changed: '/xyz/' },
    { path: '/foo/bar', prefix: '/foo', replacement: '', changed: '/bar' },
    { path: '/foo/', prefix: '/foo', replacement: '', changed: '/' },
    { path: '/foo', prefix: '/foo', replacement: '', changed: '/' },
    { path: '/foo/', prefix: '/foo', replacement: '/', changed: '/' },
    { path: '/foo', prefix: '/foo', replacement: '/', changed: '/' },
    { path: '/foo', prefix: '/foo', replacement: '/xyz/', changed: '/xyz' },
    { path: '/foo?a=/foo', prefix: '/foo', replacement: '/xyz', changed: '/xyz?a=/foo' },
    { path: '/foo?a', prefix: '/foo', replacement: '', changed: '/?a' },
    { path: '/foo//bar', prefix: '/foo', replacement: '/xyz', changed: '/xyz//bar' },
    { path: '/bar', prefix: '', replacement: '/xyz', changed: '/xyz/bar' },
    { path: '/', prefix: '', replacement: '/xyz', changed: '/xyz/' },
    { path: '/', prefix: '', replacement: '', changed: '/' },
    { path: '/foo/bar', prefix: '/foo', replacement: 'xyz', changed: '/xyz/bar' },
    { path: '/other', prefix: '/foo', replacement: '', changed: '/other' },
    { path: '/foobar?a', prefix: '/foo', replacement: '/xyz', changed: '/foobar?a' },
    { path: '/fo', prefix: '/foo', replacement: '', changed: '/fo' },
    { path: '*', prefix: '', replacement: '/xyz', changed: '*' },
    { path: '', prefix: '', replacement: '/xyz', changed: '' },
  ])('$path under $prefix with $replacement is $changed', ({ path, prefix, replacement, changed }) => {
    const { compiled, problems } = change({ replacePrefixMatch: replacement }, prefix)
    expect(problems).toEqual([])
    expect(changePath(compiled!, path)).toBe(changed)
  })

  test.each([
    { path: '/foo/bar', full: '/one', changed: '/one' },
    { path: '/foo?a=b', full: '/one', changed: '/one?a=b' },
    { path: '/foo?a=b', full: '/one?c=d', changed: '/one?c=d' },
    { path: '/foo', full: 'one', changed: '/one' },
    { path: '/foo?a', full: '', changed: '/?a' },
    { path: '*', full: '/one', changed: '*' },
  ])('$path in full by $full is $changed', ({ path, full, changed }) => {
    expect(changePath(change({ replaceFullPath: full }, undefined).compiled!, path)).toBe(changed)
  })
})

test.each([
  { name: 'a space', json: { replaceFullPath: '/a b' }, prefix: '', problem: '"/a b" cannot be a path' },
  {
    name: 'a line end',
    json: { replacePrefixMatch: '/a\r\nx: y' },
    prefix: '',
    problem: '"/a\\r\\nx: y" cannot be a path',
  },
  { name: 'a fragment', json: { replaceFullPath: '/a#b' }, prefix: '', problem: '"/a#b" cannot be a path' },
  {
    name: 'a prefix where none is matched',
    json: { replacePrefixMatch: '/a' },
    prefix: undefined,
    problem: 'replacePrefixMatch needs a rule that matches by one path prefix',
  },
])('compilePathChange() refuses $name', ({ json, prefix, problem }) => {
  expect(change(json, prefix).problems).toEqual([problem])
})
