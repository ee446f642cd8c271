import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PassedTests } from './passed-tests.ts'

test('PassedTests knows what passed on which runtime, as long as it is the same', () => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-passed-'))
  const file = join(folder, 'cache/passed.json')
  const parts = new Map([
    ['tools', 'one'],
    ['bench', 'two'],
  ])
  const passed = new PassedTests(file)
  expect(passed.unchanged('Node', parts)).toEqual([])
  passed.add('Node', parts)
  passed.add('Node', new Map([['tools', 'three']]))
  expect(new PassedTests(file).unchanged('Node', parts)).toEqual(['bench'])
  expect(passed.unchanged('Node', new Map([['tools', 'three']]))).toEqual(['tools'])
  expect(passed.unchanged('Bun', parts)).toEqual([])
  writeFileSync(file, '{"Node":')
  expect(passed.unchanged('Node', parts)).toEqual([])
  rmSync(folder, { recursive: true })
})
