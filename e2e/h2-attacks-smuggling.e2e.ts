import { createServer, type Server } from 'node:net'
import { createTestCa } from '@heddle/testkit/test-ca'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CODE, data, FLAG, headers, type Line, request } from './harness/h2-frames.ts'
import { H2Peer } from './harness/h2-peer.ts'
import { listen, portOf, TwoHops } from './harness/hops.ts'
import { MtlsTunnel } from './harness/mtls-tunnel.ts'
import { until } from './harness/until.ts'

/** A request in HTTP/2 that would be another one, or two, when it is written in HTTP/1. */
interface Smuggling {
  readonly name: string
  readonly lines: readonly Line[]
  readonly body?: string
  readonly trailers?: readonly Line[]
}

const CLIENT_ID = 'spiffe://heddle.local/ns/shop/sa/attacker'
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
const post = (...lines: readonly Line[]): readonly Line[] => [...request('/', 'POST'), ...lines]
const without = (name: string, ...instead: readonly Line[]): readonly Line[] => [
  ...request('/').filter(([candidate]) => candidate !== name),
  ...instead,
]

/** Nothing of these may reach the application. */
const HEADS: readonly Smuggling[] = [
  { name: 'transfer-encoding', lines: post(['transfer-encoding', 'chunked']), body: `0\r\n\r\n${SMUGGLED}` },
  { name: 'Transfer-Encoding in capitals', lines: post(['Transfer-Encoding', 'chunked']), body: '0\r\n\r\n' },
  { name: 'transfer-encoding with a blank behind', lines: post(['transfer-encoding ', 'chunked']), body: '0\r\n\r\n' },
  { name: 'connection', lines: post(['connection', 'transfer-encoding']) },
  { name: 'keep-alive', lines: post(['keep-alive', 'timeout=5']) },
  { name: 'proxy-connection', lines: post(['proxy-connection', 'keep-alive']) },
  { name: 'upgrade', lines: post(['upgrade', 'h2c']) },
  { name: 'te other than trailers', lines: post(['te', 'gzip']) },
  { name: 'a value with CR LF', lines: post(['x', `a\r\ntransfer-encoding: chunked\r\n\r\n${SMUGGLED}`]) },
  { name: 'a value with LF', lines: post(['x', 'a\ntransfer-encoding: chunked']) },
  { name: 'a value with CR', lines: post(['x', 'a\rb']) },
  { name: 'a value with NUL', lines: post(['x', 'a\0b']) },
  { name: 'a value with a blank before', lines: post(['x', ' a']) },
  { name: 'a value with a tab behind', lines: post(['x', 'a\t']) },
  { name: 'a name with a colon', lines: post(['x: y\r\nz', 'a']) },
  { name: 'a name with a colon alone', lines: post(['x:y', 'a']) },
  { name: 'a name with CR LF', lines: post(['x\r\ny', 'a']) },
  { name: 'a name with a blank', lines: post(['x y', 'a']) },
  { name: 'a name in capitals', lines: post(['X-Name', 'a']) },
  { name: 'an empty name', lines: post(['', 'a']) },
  { name: 'a name beyond ASCII', lines: post(['x\xe9', 'a']) },
  { name: 'two lengths', lines: post(['content-length', '3'], ['content-length', '30']), body: 'abc' },
  { name: 'a list of lengths', lines: post(['content-length', '3, 3']), body: 'abc' },
  { name: 'a length with a plus', lines: post(['content-length', '+3']), body: 'abc' },
  { name: 'a hexadecimal length', lines: post(['content-length', '0x3']), body: 'abc' },
  { name: 'a length with CR LF', lines: post(['content-length', '3\r\nx: y']), body: 'abc' },
  { name: 'a negative length', lines: post(['content-length', '-1']), body: 'abc' },
  { name: 'a path with blanks', lines: without(':path', [':path', '/ HTTP/1.1\r\nx: y']) },
  { name: 'a path with a blank', lines: without(':path', [':path', '/a b']) },
  { name: 'a path with CR LF', lines: without(':path', [':path', `/\r\n\r\n${SMUGGLED}`]) },
  { name: 'a path with LF', lines: without(':path', [':path', '/a\nb']) },
  { name: 'a path with NUL', lines: without(':path', [':path', '/\0']) },
  { name: 'an empty path', lines: without(':path', [':path', '']) },
  { name: 'a path without slash', lines: without(':path', [':path', 'index.html']) },
  { name: 'a path of another host', lines: without(':path', [':path', 'http://elsewhere/']) },
  { name: '* without OPTIONS', lines: without(':path', [':path', '*']) },
  { name: 'no path', lines: without(':path') },
  { name: 'two paths', lines: without(':path', [':path', '/a'], [':path', '/b']) },
  {
    name: 'a method with a request in it',
    lines: without(':method', [':method', 'GET / HTTP/1.1\r\nHost: a\r\n\r\nGET']),
  },
  { name: 'an empty method', lines: without(':method', [':method', '']) },
  { name: 'no method', lines: without(':method') },
  { name: 'an authority with CR LF', lines: without(':authority', [':authority', 'a\r\nx: y']) },
  { name: 'an authority with userinfo', lines: without(':authority', [':authority', 'user@origin']) },
  { name: 'an authority with a slash', lines: without(':authority', [':authority', 'origin/path']) },
  { name: 'an authority with a blank', lines: without(':authority', [':authority', 'origin other']) },
  { name: 'two authorities', lines: without(':authority', [':authority', 'a'], [':authority', 'b']) },
  { name: 'another host than authority', lines: post(['host', 'elsewhere']) },
  { name: 'two hosts', lines: without(':authority', ['host', 'a'], ['host', 'b']) },
  { name: 'a scheme with a request in it', lines: without(':scheme', [':scheme', 'http://a/ HTTP/1.1\r\n']) },
  { name: 'an unknown pseudo-header', lines: [...request('/'), [':x', 'y']] },
  { name: 'a pseudo-header of answers', lines: [...request('/'), [':status', '200']] },
  { name: 'a pseudo-header behind a field', lines: [['x', 'y'], ...request('/')] },
  { name: 'CONNECT with a path', lines: request('/', 'CONNECT') },
  { name: ':protocol without CONNECT', lines: [...request('/'), [':protocol', 'websocket']] },
  { name: ':protocol with CR LF', lines: [...request('/', 'CONNECT'), [':protocol', 'websocket\r\nx: y']] },
]

/** Of these the head may have gone on before the fault came; what follows must never look complete. */
const BODIES: readonly Smuggling[] = [
  { name: 'less than its length', lines: post(['content-length', '50']), body: 'abc' },
  { name: 'more than its length', lines: post(['content-length', '3']), body: `abc${SMUGGLED}` },
  { name: 'a pseudo-header among the trailers', lines: post(), body: 'abc', trailers: [[':path', '/smuggled']] },
  { name: 'a trailer with CR LF', lines: post(), body: 'abc', trailers: [['x', `a\r\n\r\n${SMUGGLED}`]] },
  { name: 'a trailer transfer-encoding', lines: post(), body: 'abc', trailers: [['transfer-encoding', 'chunked']] },
]

/** All that came, on whatever connection. */
let seen = ''
const origin = createServer((socket) => {
  let own = ''
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => {
    seen += chunk.toString('latin1')
    own += chunk.toString('latin1')
    if (own.includes('GET /good')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  })
})
let hops: TwoHops
let tunnel: MtlsTunnel

beforeAll(async () => {
  const authority = await createTestCa()
  const server: Server = await listen(origin)
  hops = await TwoHops.start({ originPort: portOf(server), protocol: 'http2', appProtocol: 'http1', authority })
  tunnel = await MtlsTunnel.start(hops.inboundPort, await authority.issueFor(CLIENT_ID))
})

afterAll(async () => {
  tunnel?.[Symbol.dispose]()
  await hops?.[Symbol.asyncDispose]()
  origin.close()
})

describe.each<{ side: 'outbound' | 'inbound' }>([{ side: 'outbound' }, { side: 'inbound' }])(
  'an application of HTTP/1 behind the $side listener',
  ({ side }) => {
    test.each(HEADS)('never sees $name', async (smuggling) => {
      const before = seen
      expect(await send(smuggling)).toBe('refused')
      await hops.untilIdle()
      expect(seen).toBe(before)
    })

    test.each(BODIES)('never sees $name as complete', async (smuggling) => {
      const before = seen.length
      expect(await send(smuggling)).toBe('refused')
      await hops.untilIdle()
      const forwarded = seen.slice(before)
      expect(forwarded).not.toContain('smuggled')
      expect(forwarded).not.toMatch(/\r\n0\r\n(.*\r\n)?\r\n$/)
    })

    test('sees a right request, as it was', async () => {
      const peer = await H2Peer.start(portOfSide())
      peer.write(headers(1, [...request(`/good-${side}`), ['x', 'a: b']]))
      await until('it is answered', () => peer.bodyOf(1) === 'ok')
      const [, forwarded = ''] = seen.split(`GET /good-${side} HTTP/1.1\r\n`)
      expect(forwarded.toLowerCase()).toContain('\r\nx: a: b\r\n')
      peer.destroy()
    })

    function portOfSide(): number {
      return side === 'outbound' ? hops.port : tunnel.port
    }

    /** A right answer never comes, so whatever comes is the refusal. */
    async function send({ lines, body, trailers }: Smuggling): Promise<string> {
      const peer = await H2Peer.start(portOfSide())
      peer.write(headers(1, lines, body === undefined ? FLAG.endStream : 0))
      if (body !== undefined) peer.write(data(1, body, trailers === undefined ? FLAG.endStream : 0))
      if (trailers !== undefined) peer.write(headers(1, trailers))
      const verdict = await until('it is refused', () => verdictOf(peer)).finally(() => peer.destroy())
      return verdict
    }
  },
)

function verdictOf(peer: H2Peer): string | undefined {
  const status = peer.status(1)
  if (status !== undefined) return /^4/.test(status) ? 'refused' : `answered ${status}`
  const code = peer.resetCode(1)
  if (code !== undefined) return code === CODE.protocolError ? 'refused' : `reset with ${code}`
  return peer.isClosed ? 'closed' : undefined
}
