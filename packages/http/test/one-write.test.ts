import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { DEFAULT_H1_LIMITS } from '../src/h1/limits.ts'
import { createH1Client, createH1Server } from '../src/h1/session.ts'
import { createRequestHead, type ResponseHead } from '../src/message/head.ts'
import type { ServerStream } from '../src/session.ts'
import { endTurn, RecordingTransport } from './recording-transport.ts'

const BODY = 'b'.repeat(102_400)
const HEAD = 'HTTP/1.1 200 OK\r\nserver: origin\r\nkeep-alive: timeout=5\r\nContent-Length: 102400\r\n\r\n'
const HEAD_ONWARDS = 'HTTP/1.1 200 OK\r\nserver: origin\r\nContent-Length: 102400\r\n\r\n'

/** Hands an answer on that comes in these reads, to a client that asked with these fields. */
function relay(reads: readonly string[], asked = '') {
  const [client, server] = [new RecordingTransport(), new RecordingTransport()]
  let stream: ServerStream | undefined
  const onRequest = (opened: ServerStream) => {
    stream = opened
    return { onData: () => {}, onEnd: () => {}, onAbort: () => {}, onWritable: () => {} }
  }
  const onFault = ({ message }: Error) => expect.fail(message)
  const near = createH1Server({ onRequest, onFault, onIdle: () => {} }, client, DEFAULT_H1_LIMITS)
  near.receive(Buffer.from(`GET / HTTP/1.1\r\nhost: a\r\n${asked}\r\n`))
  const handler = { onIdle: () => {}, onAllowance: () => {}, onUnusable: () => {} }
  const far = createH1Client(handler, server, DEFAULT_H1_LIMITS)
  const heads: ResponseHead[] = []
  const sender = far.request(createRequestHead({ method: 'GET', path: '/', authority: 'a', bodyLength: 0 }), false, {
    onInformational: () => {},
    onHead: (head, hasBody) => {
      heads.push(head)
      stream!.sendHead(head, hasBody)
    },
    onData: (bytes, start, end) => void stream!.sendData(bytes, start, end),
    onEnd: () => stream!.sendEnd(),
    onAbort: ({ detail }) => expect.fail(detail),
    onWritable: () => {},
  })
  sender.sendEnd()
  endTurn(far, server)
  for (const text of reads) {
    far.receive(Buffer.from(text))
    endTurn(near, client)
  }
  return { writes: client.writes, written: client.take(), head: heads[0] }
}

describe('an answer too large to be copied', () => {
  test.each([
    { how: 'as it came', came: HEAD_ONWARDS },
    { how: 'with a field less', came: HEAD },
  ])('leaves in one write with a head that goes on $how, which can be read still', ({ came }) => {
    const { writes, written, head } = relay([came + BODY])
    expect(written).toBe(HEAD_ONWARDS + BODY)
    expect(writes).toBe(1)
    expect(head?.fields.get('server')).toBe('origin')
  })

  test('leaves after its head where that became longer', () => {
    const { writes, written } = relay([HEAD_ONWARDS + BODY], 'connection: close\r\n')
    expect(written.toLowerCase()).toBe(HEAD_ONWARDS.toLowerCase().replace(/\r\n$/, 'connection: close\r\n\r\n') + BODY)
    expect(writes).toBe(2)
  })

  test('leaves whole where its head came in an earlier read', () => {
    expect(relay([HEAD, BODY]).written).toBe(HEAD_ONWARDS + BODY)
  })
})
