import { expect, test } from 'vitest'
import { compareAnswer, compareShares, MESH_NAMESPACE, SHARE_REQUESTS } from './check.ts'

const echo = {
  path: '/a',
  host: 'echo',
  method: 'GET',
  headers: { x: ['1', '2'] },
  namespace: MESH_NAMESPACE,
  pod: 'echo-v1-0',
}
const answer = { status: 200, headers: { y: '1' }, echo }

test.each([
  { check: { path: '/a', backend: 'echo-v1', seen: { headers: { X: '1,2' } } }, fault: /^$/ },
  { check: { path: '/a', backend: 'echo-v2' }, fault: /echo-v1-0 instead of echo-v2/ },
  { check: { path: '/b' }, fault: /path \/a instead of \/b/ },
  { check: { path: '/a', seen: { without: ['X'] } }, fault: /request has X/ },
  { check: { path: '/a', answered: { without: ['Y'] } }, fault: /answer has Y/ },
  { check: { path: '/a', answered: { headers: { Y: '2' } } }, fault: /y: 1 instead of 2/ },
  { check: { path: '/a', status: 404 }, fault: /status 200 instead of 404/ },
])('compareAnswer() finds $fault', ({ check, fault }) => {
  expect(compareAnswer(check, answer)).toMatch(fault)
})

test('compareAnswer() finds a redirect that leads elsewhere', () => {
  const found = { status: 302, headers: { location: 'https://a.example/p' }, echo: undefined }
  const redirect = { scheme: 'https', host: 'a.example' }
  expect(compareAnswer({ path: '/p', status: 302, redirect }, found)).toBe('')
  expect(compareAnswer({ path: '/q', status: 302, redirect }, found)).toMatch(/location/)
})

test('compareShares() allows for 5 % and for nobody else', () => {
  const answers = (count: number) =>
    Array.from({ length: SHARE_REQUESTS }, (_, i) => ({ ...answer, echo: { ...echo, pod: i < count ? 'a-0' : 'b-0' } }))
  expect(compareShares({ a: 0.7, b: 0.3 }, answers(370))).toBe('')
  expect(compareShares({ a: 0.7, b: 0.3 }, answers(380))).toMatch(/a got 0.76/)
  expect(compareShares({ a: 1 }, answers(490))).toMatch(/answered by b/)
})
