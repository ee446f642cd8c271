import { expect, test } from 'vitest'
import { checkFile } from './check-house-rules.ts'

test.each([
  { name: 'a timer', path: 'packages/proxy/src/a.ts', text: '\n  setTimeout(fire, 5)', line: 2 },
  { name: 'the wall clock', path: 'packages/control/src/a.ts', text: 'const at = Date.now()', line: 1 },
  { name: 'a way around the doors', path: 'packages/proxy/src/a.ts', text: "from '../../base/src/clock.ts'", line: 1 },
  { name: 'something unfinished', path: 'bench/a.ts', text: '// TODO', line: 1 },
  { name: 'a silenced check', path: 'e2e/a.ts', text: '// @ts-ignore', line: 1 },
  { name: 'a name that says nothing', path: 'packages/http/src/string-utils.ts', text: '', line: 1 },
])('$name is found', ({ path, text, line }) => {
  expect(checkFile({ path, text })).toEqual([{ path, line, problem: expect.any(String) }])
})

test.each([
  { name: 'the clock itself', path: 'packages/base/src/clock.ts', text: 'setTimeout(fire, 1); Date.now()' },
  { name: 'a test', path: 'packages/proxy/src/a.test.ts', text: 'setTimeout(fire, 5)' },
  { name: 'the demo, which knows nothing of the mesh', path: 'packages/demo/src/a.ts', text: 'Date.now()' },
  { name: 'a timeout that is not a timer', path: 'packages/proxy/src/a.ts', text: 'server.setTimeout(1)' },
  { name: 'a door', path: 'packages/proxy/src/a.ts', text: "from '@heddle/base/clock'" },
  { name: 'a file of the same package', path: 'packages/proxy/src/a/b.ts', text: "from '../exchange/run.ts'" },
])('$name is left alone', ({ path, text }) => {
  expect(checkFile({ path, text })).toEqual([])
})
