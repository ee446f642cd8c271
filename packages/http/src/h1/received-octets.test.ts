import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import type { Fields } from '../message/fields.ts'
import type { RequestHead } from '../message/head.ts'
import type { Transport } from '../session.ts'
import { createH1Server } from './session.ts'

const NO_TRANSPORT: Transport = {
  write: () => true,
  wantsFlush() {},
  pauseReading() {},
  resumeReading() {},
  end() {},
  abort() {},
}

/** What a server reads out of `bytes`. */
function read(bytes: Uint8Array) {
  let head: RequestHead | undefined
  let trailers: Fields | undefined
  const session = createH1Server(
    {
      onRequest: (_stream, received) => {
        head = received
        const onEnd = (ending: Fields | undefined) => {
          trailers = ending
        }
        return { onData() {}, onEnd, onAbort() {}, onWritable() {} }
      },
      onFault: (error) => {
        throw error
      },
      onIdle() {},
    },
    NO_TRANSPORT,
  )
  session.receive(bytes)
  return { head: head!, trailers }
}

const POST = 'POST /a?b=c HTTP/1.1\r\nHost: shop\r\nX-Id: 7\r\nContent-Length: 60000\r\n\r\n'

test.each([
  { what: 'that came alone', body: 0 },
  { what: 'that came with a large part of its body', body: 60_000 },
])('a head $what says the same however late it is asked', ({ body }) => {
  const { head } = read(Buffer.from(POST + 'x'.repeat(body)))
  expect(head).toMatchObject({ method: 'POST', path: '/a?b=c', authority: 'shop', bodyLength: 60_000 })
  expect(head.fields.get('x-id')).toBe('7')
})

test('a head does not keep the large part of a body that came with it', () => {
  const bytes = Buffer.from(POST + 'x'.repeat(60_000))
  const { head } = read(bytes)
  // What nobody may do, and would be seen if the head still looked there.
  bytes.fill(0)
  expect(head.path).toBe('/a?b=c')
  expect(head.fields.get('x-id')).toBe('7')
})

test('trailers do not keep the body that came with them', () => {
  const start = 'POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n'
  const bytes = Buffer.from(`${start}ea60\r\n${'x'.repeat(60_000)}\r\n0\r\nX-Sum: 7\r\n\r\n`)
  const { trailers } = read(bytes)
  bytes.fill(0)
  expect(trailers?.get('x-sum')).toBe('7')
})
