import { createFields } from '@heddle/http/fields'
import { createRequestHead, createResponseHead } from '@heddle/http/message'
import { expect, test } from 'vitest'
import { addKey, completeAccept, takeAccept } from './web-socket.ts'

// RFC 6455 §1.3
const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

function request(key?: string) {
  const fields = createFields(key === undefined ? [] : [['sec-websocket-key', key]])
  return createRequestHead({ method: 'GET', path: '/', authority: 'a', upgrade: 'websocket', bodyLength: 0, fields })
}

test('completeAccept() makes the proof of the RFC', () => {
  const answer = createResponseHead({ status: 101, upgrade: 'websocket' })
  completeAccept(request(KEY), answer)
  expect(answer.fields.get('sec-websocket-accept')).toBe(ACCEPT)
})

test('completeAccept() leaves the proof of a server alone, and makes none without a key', () => {
  const answer = createResponseHead({ status: 101, fields: createFields([['sec-websocket-accept', 'x']]) })
  completeAccept(request(KEY), answer)
  expect(answer.fields.get('sec-websocket-accept')).toBe('x')
  const other = createResponseHead({ status: 101 })
  completeAccept(request(), other)
  expect(other.fields.count).toBe(0)
})

test('addKey() keeps the key of the client', () => {
  const head = request(KEY)
  expect(addKey(head)).toBe(undefined)
  expect(head.fields.get('sec-websocket-key')).toBe(KEY)
})

test('addKey() makes a new key each time, whose proof takeAccept() knows and takes off', () => {
  const head = request()
  const expected = addKey(head)!
  const key = head.fields.get('sec-websocket-key')!
  expect(Buffer.from(key, 'base64').length).toBe(16)
  expect(addKey(request())).not.toBe(expected)
  // For another try.
  expect([addKey(head), head.fields.get('sec-websocket-key')]).toEqual([expected, key])
  const answer = createResponseHead({ status: 101 })
  completeAccept(head, answer)
  expect(takeAccept(answer, expected)).toBe(true)
  expect(answer.fields.count).toBe(0)
  expect(takeAccept(answer, expected)).toBe(false)
})
