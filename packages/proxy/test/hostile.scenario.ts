import { expect, test } from 'vitest'
import { answering, dial, ok, startServer } from './harness/peer.ts'
import { outbound, service, startTwoHops, World } from './harness/world.ts'

const KEY = 'name:cart.shop:80'
const BODY = 'hello'

/** Each is wrong or ambiguous by RFC 9112; two servers might disagree on where it ends or whom it is for. */
const HOSTILE = [
  {
    name: 'Content-Length with Transfer-Encoding',
    text: 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  },
  { name: 'two lengths', text: 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!' },
  { name: 'a list of lengths', text: 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5, 6\r\n\r\nhello!' },
  { name: 'a signed length', text: 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +5\r\n\r\nhello' },
  { name: 'an unknown coding', text: 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n' },
  { name: 'chunked not last', text: 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n' },
  {
    name: 'chunked twice',
    text: 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  },
  {
    name: 'a space before the colon',
    text: 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n',
  },
  { name: 'a folded field', text: 'GET / HTTP/1.1\r\nhost: a\r\nx: 1\r\n y: 2\r\n\r\n' },
  { name: 'a bare LF', text: 'GET / HTTP/1.1\nhost: a\n\n' },
  { name: 'a bare CR in a value', text: 'GET / HTTP/1.1\r\nhost: a\r\nx: 1\rtransfer-encoding: chunked\r\n\r\n' },
  { name: 'NUL in a value', text: 'GET / HTTP/1.1\r\nhost: a\r\nx: 1\0\r\n\r\n' },
  { name: 'NUL in the target', text: 'GET /\0 HTTP/1.1\r\nhost: a\r\n\r\n' },
  { name: 'two hosts', text: 'GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n' },
  { name: 'no host', text: 'GET / HTTP/1.1\r\n\r\n' },
  { name: 'a field without a name', text: 'GET / HTTP/1.1\r\nhost: a\r\n: x\r\n\r\n' },
  {
    name: 'a chunk size in hex notation',
    text: 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n',
  },
  {
    name: 'a negative chunk size',
    text: 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n-1\r\nhello\r\n0\r\n\r\n',
  },
  {
    name: 'a chunk without its end',
    text: 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhelloX0\r\n\r\n',
  },
  {
    name: 'a chunk size beyond all bounds',
    text: 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n',
  },
  { name: 'HTTP/0.9', text: 'GET /\r\n\r\n' },
  { name: 'an unknown version', text: 'GET / HTTP/9.9\r\nhost: a\r\n\r\n' },
  { name: 'a space in the target', text: 'GET /a b HTTP/1.1\r\nhost: a\r\n\r\n' },
  { name: 'chunked from HTTP/1.0', text: 'POST / HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n' },
  { name: 'a head without end', text: `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(100_000)}` },
  { name: 'too many fields', text: `GET / HTTP/1.1\r\nhost: a\r\n${'x: y\r\n'.repeat(2_000)}\r\n` },
]

test.each(HOSTILE)('$name is refused, and never forwarded whole', async ({ text }) => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(ok(BODY))))
  const proxy = await world.proxy({
    listeners: [outbound(KEY)],
    destinations: { [KEY]: service([app.port], { protocol: 'http1' }) },
  })
  using web = await dial(proxy.port)

  // What follows would be a request of its own for whoever takes the first one to be shorter.
  web.send(`${text}GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n`)
  await web.untilEnd()

  expect(web.received).not.toContain(BODY)
  expect(web.received === '' || /^HTTP\/1\.1 (4\d\d|501|505) /.test(web.received)).toBe(true)
  for (const { received } of app.peers) expect(received).not.toContain('smuggled')
})

const HOSTILE_ANSWERS = [
  {
    name: 'Content-Length with Transfer-Encoding',
    text: 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  },
  { name: 'two lengths', text: 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 4\r\n\r\nhello' },
  { name: 'no status', text: 'HTTP/1.1 OK\r\n\r\n' },
  { name: 'a folded field', text: 'HTTP/1.1 200 OK\r\nx: 1\r\n y: 2\r\ncontent-length: 5\r\n\r\nhello' },
  { name: 'a head without end', text: `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}` },
]

test.each(HOSTILE_ANSWERS)('an answer with $name does not reach the client', async ({ text }) => {
  await using world = await World.create()
  const app = world.keep(await startServer(answering(text)))
  const { client } = await startTwoHops(world, app.port, { protocol: 'http1' })
  using web = await dial(client.port)
  web.send('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
  await web.untilEnd()
  expect(web.received).toMatch(/^HTTP\/1\.1 502 /)
  expect(web.received).toContain('heddle-error: upstream_protocol_error\r\n')
  expect(web.received).not.toContain('200 OK')
})
