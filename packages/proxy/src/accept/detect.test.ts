import { describe, expect, test } from 'vitest'
import { detectProtocol } from './detect.ts'

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))

describe('detectProtocol()', () => {
  test.each([
    { first: 'GET / HTTP/1.1\r\n', kind: 'http1' },
    { first: '\r\nGET / HTTP/1.1\r\n', kind: 'http1' },
    { first: 'GET\0/ HTTP/1.1', kind: 'http1' },
    { first: 'PROPFIND /x', kind: 'http1' },
    { first: 'PROPFIND ', kind: 'unknown' },
    { first: 'PO', kind: 'unknown' },
    { first: '\r\n', kind: 'unknown' },
    { first: '', kind: 'unknown' },
    { first: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', kind: 'http2' },
    { first: 'PRI * HTTP/2.0\r\n', kind: 'unknown' },
    { first: 'PRI * HTTP/3', kind: 'opaque' },
    { first: 'CONNECT a:443 HTTP/1.1\r\n', kind: 'opaque' },
    { first: 'CONNECT ', kind: 'opaque' },
    { first: 'CONNECT /', kind: 'opaque' },
    { first: 'ACL /x', kind: 'http1' },
    { first: 'BUZZ /x', kind: 'http1' },
    { first: ' /x', kind: 'opaque' },
    { first: 'FOO//', kind: 'opaque' },
    { first: 'EHLO me\r\n', kind: 'opaque' },
    { first: 'get foo\r\n', kind: 'opaque' },
    { first: '*2\r\n$4\r\nPING\r\n', kind: 'opaque' },
    { first: 'A'.repeat(23), kind: 'unknown' },
    { first: 'A'.repeat(24), kind: 'opaque' },
    { first: `${'A'.repeat(24)} /x`, kind: 'http1' },
    { first: `${'A'.repeat(25)} /x`, kind: 'opaque' },
    { first: '\x16\x03\x01', kind: 'unknown' },
    { first: '\x16\x02\x01\x00\x10', kind: 'opaque' },
  ])('takes $first for $kind', ({ first, kind }) => {
    expect(detectProtocol(bytes(first)).kind).toBe(kind)
  })
})
