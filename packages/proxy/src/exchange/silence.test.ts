import { createFields } from '@heddle/http/fields'
import { createRequestHead } from '@heddle/http/message'
import { describe, expect, test } from 'vitest'
import { grpcCallOf } from '../grpc/call.ts'
import { expiryOf, silenceLimitOf } from './silence.ts'

const CALL = grpcCallOf(
  createRequestHead({
    method: 'POST',
    path: '/shop.Cart/Add',
    authority: 'cart.shop',
    fields: createFields([['content-type', 'application/grpc']]),
  }),
  0,
)

/** A request of 10 octets that is under way, and of which not all came. */
const SENDING = {
  head: { bodyLength: 10 },
  grpc: undefined,
  isSending: true,
  isRequestOver: false,
  isAnswered: false,
  isUpgraded: false,
}
const SENT = { ...SENDING, isRequestOver: true }
const ANSWERED = { ...SENT, isAnswered: true }

describe('expiryOf()', () => {
  test.each([
    { name: 'no connection', exchange: { ...SENDING, isSending: false }, code: 'pending_timeout', limit: 'pendingMs' },
    { name: 'the rest of the request', exchange: SENDING, code: 'request_timeout', limit: 'bodyIdleMs' },
    { name: 'the head of the answer', exchange: SENT, code: 'response_timeout', limit: 'responseHeadMs' },
    { name: 'the rest of the answer', exchange: ANSWERED, code: 'idle_timeout', limit: 'bodyIdleMs' },
    { name: 'either side of a call', exchange: { ...SENT, grpc: CALL }, code: 'idle_timeout', limit: 'grpcIdleMs' },
  ])('names what was waited for: $name', ({ exchange, code, limit }) => {
    expect(expiryOf(exchange)).toEqual({ code, limit })
  })
})

describe('silenceLimitOf()', () => {
  test('waits for the answer at once where the request has no body', () => {
    expect(silenceLimitOf({ ...SENDING, head: { bodyLength: 0 } })).toBe('responseHeadMs')
  })

  test('gives what a request was upgraded to a time of its own', () => {
    expect(silenceLimitOf({ ...ANSWERED, isUpgraded: true })).toBe('websocketIdleMs')
  })
})
