import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { findExecutable, searchProgram } from './find-executable.ts'

const folder = mkdtempSync(join(tmpdir(), 'heddle-find-'))
const [first, second] = [join(folder, 'first'), join(folder, 'second')]
for (const directory of [first, second, join(first, 'a-folder')]) mkdirSync(directory)
for (const file of [join(first, 'tool'), join(first, 'text'), join(second, 'tool')]) writeFileSync(file, '#!/bin/sh\n')
chmodSync(join(second, 'tool'), 0o755)
const path = `${first}::${second}`
afterAll(() => rmSync(folder, { recursive: true }))

test.each([
  { name: 'tool', search: { kind: 'found', file: join(second, 'tool') } },
  { name: 'second/tool', search: { kind: 'found', file: join(second, 'tool') } },
  { name: 'text', search: { kind: 'not executable', file: join(first, 'text') } },
  { name: './first/text', search: { kind: 'not executable', file: join(first, 'text') } },
  { name: './first/a-folder', search: { kind: 'not executable', file: join(first, 'a-folder') } },
  { name: './first/text/below', search: { kind: 'not found' } },
  { name: 'no-such-program', search: { kind: 'not found' } },
  { name: '', search: { kind: 'not found' } },
])('searchProgram() tells that $name is $search.kind', ({ name, search }) => {
  expect(searchProgram(name, path, folder)).toEqual(search)
})

test('findExecutable() gives what may be run, and nothing else', () => {
  expect(findExecutable('tool', path, folder)).toBe(join(second, 'tool'))
  expect(findExecutable('text', path, folder)).toBeUndefined()
})
