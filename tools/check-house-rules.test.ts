import { expect, test } from 'vitest'
import { checkDoor, checkFile } from './check-house-rules.ts'

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

test.each([
  { name: 'an interface', text: 'export interface A {\n  readonly b: string\n}', line: 1 },
  { name: 'a function', text: 'const a = 1\n\nexport function b(): void {', line: 3 },
  { name: 'an async function', text: 'export async function b(): Promise<void> {', line: 1 },
  { name: 'a class', text: 'export class A {', line: 1 },
  { name: 'a union of several lines', text: "export type A =\n  | 'a'\n  | 'b'", line: 1 },
  { name: 'a table', text: 'export const A = {\n  a: 1,\n}', line: 1 },
  { name: 'an arrow function', text: 'export const a = (b: number) => b', line: 1 },
  { name: 'one with another kind of comment', text: '// biome-ignore x: y\nexport interface A {', line: 2 },
])('$name behind a door needs a doc comment', ({ text, line }) => {
  expect(checkDoor({ path: 'packages/a/src/a.ts', text })).toEqual([
    { path: 'packages/a/src/a.ts', line, problem: expect.stringContaining('needs a doc comment') },
  ])
})

test.each([
  { name: 'what has one', text: '/** Why. */\nexport interface A {' },
  { name: 'what has one of several lines', text: '/**\n * Why.\n */\nexport function a(): void {' },
  { name: 'an alias of one line', text: "export type A = 'a' | 'b'\nexport type B = (typeof LIST)[number]" },
  { name: 'a constant of one line', text: "export const GROUP = 'gateway.networking.k8s.io'\n" },
  { name: 'further overloads', text: '/** Why. */\nexport function a(b: 1): void\nexport function a(b: 2): void {' },
  { name: 'what is not exported', text: 'interface A {' },
])('$name may stand behind a door as it is', ({ text }) => {
  expect(checkDoor({ path: 'packages/a/src/a.ts', text })).toEqual([])
})
