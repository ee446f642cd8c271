import { processorMsOf } from '@heddle/testkit/processor-time'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatUnifiedDiff } from './unified-diff.ts'

const NAMES = { before: 'a', after: 'b' }

/** What `patch` would make of `before`. */
function patch(before: string, diff: string): string {
  const old = before === '' ? [] : before.slice(0, -1).split('\n')
  const lines: string[] = []
  let at = 0
  for (const line of diff.split('\n').slice(2, -1)) {
    const hunk = /^@@ -(\d+),(\d+) /.exec(line)
    if (hunk !== null) {
      const start = Math.max(0, Number(hunk[1]) - (hunk[2] === '0' ? 0 : 1))
      lines.push(...old.slice(at, start))
      at = start
    } else if (line.startsWith('+')) lines.push(line.slice(1))
    else {
      expect(old[at]).toBe(line.slice(1))
      if (line.startsWith(' ')) lines.push(line.slice(1))
      at += 1
    }
  }
  return [...lines, ...old.slice(at)].map((line) => `${line}\n`).join('')
}

test('formatUnifiedDiff() shows what changed with three lines around', () => {
  const before = 'a\nb\nc\nd\ne\nf\ng\nh\n'
  expect(formatUnifiedDiff(before, before.replace('e', 'E'), NAMES)).toBe(
    '--- a\n+++ b\n@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n',
  )
})

test.each([
  { name: 'nothing', before: 'a\n', after: 'a\n', diff: '' },
  { name: 'all of it added', before: '', after: 'a\nb\n', diff: '--- a\n+++ b\n@@ -0,0 +1,2 @@\n+a\n+b\n' },
  { name: 'all of it removed', before: 'a\n', after: '', diff: '--- a\n+++ b\n@@ -1,1 +0,0 @@\n-a\n' },
])('formatUnifiedDiff() of $name', ({ before, after, diff }) => {
  expect(formatUnifiedDiff(before, after, NAMES)).toBe(diff)
})

test('what a diff says is what makes one text of the other', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', '- d', ''))
    .map((lines) => lines.map((line) => `${line}\n`).join(''))
  fc.assert(
    fc.property(text, text, (before, after) => {
      expect(patch(before, formatUnifiedDiff(before, after, NAMES))).toBe(after)
    }),
  )
})

test('texts that have nothing in common are compared in bounded time', () => {
  const lines = (word: string) => Array.from({ length: 20_000 }, (_, i) => `${word}${i}\n`).join('')
  const tookMs = processorMsOf(() =>
    expect(formatUnifiedDiff(lines('a'), lines('b'), NAMES).split('\n')).toHaveLength(40_004),
  )
  expect(tookMs).toBeLessThan(3_000)
})
