import { expect, test } from 'vitest'
import { readableLines } from './readable-lines.ts'

test.each([
  {
    name: 'an error with its reason',
    line: { level: 'error', msg: 'not started', error: { message: 'address in use', stack: 'at x' } },
    shown: ['not started: address in use'],
  },
  {
    name: 'an error that is a stack',
    line: { level: 'error', msg: 'not started', error: 'Error: taken\n    at x' },
    shown: ['not started: Error: taken'],
  },
  { name: 'a warning without a reason', line: { level: 'warn', msg: 'slow' }, shown: ['slow'] },
  { name: 'nothing of what is usual', line: { level: 'info', msg: 'listening' }, shown: [] },
])('readableLines() shows $name', ({ line, shown }) => {
  expect(readableLines([JSON.stringify(line)])).toEqual(shown)
})

test('readableLines() shows other lines as they are, the last five', () => {
  expect(readableLines(['', '{"broken', 'a', 'b', 'c', 'd', 'e', 'f'])).toEqual(['b', 'c', 'd', 'e', 'f'])
})
