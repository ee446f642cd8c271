import { connect, createServer } from 'node:net'
import { HTTP_FAULTS } from '@heddle/http/errors'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOSTILE_REQUESTS } from '../packages/http/testdata/hostile-requests.ts'
import { listen, portOf, readToEnd, TwoHops } from './harness/hops.ts'

const GOOD_REQUEST = 'GET /good HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const ANSWER_MS = 20_000
/** Bad as requests of HTTP/1, but beginnings of what a listener detects: it waits for the rest until its deadline. */
const OTHER_PROTOCOLS = new Set(['TLS', 'the preface of HTTP/2'])

/** All that came, on whatever connection. */
let seen = ''
const origin = createServer((socket) => {
  let own = ''
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => {
    seen += chunk.toString('latin1')
    own += chunk.toString('latin1')
    if (/^(GET|HEAD) /.test(own) && own.endsWith('\r\n\r\n')) {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    }
  })
})
let hops: TwoHops

beforeAll(async () => {
  await listen(origin)
  hops = await TwoHops.start({ originPort: portOf(origin) })
})

afterAll(async () => {
  await hops[Symbol.asyncDispose]()
  origin.close()
})

describe('through two running proxies', () => {
  test.each(HOSTILE_REQUESTS.filter(({ name }) => !OTHER_PROTOCOLS.has(name)))(
    'refuses $name',
    async ({ bytes, fault, where }) => {
      const before = seen.length
      const socket = connect(hops.port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write(Buffer.from(bytes, 'latin1'))
      const { text, isClosed } = await readToEnd(socket, ANSWER_MS)

      expect(isClosed).toBe(true)
      if (text !== '') expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${HTTP_FAULTS[fault]} `))
      await hops.untilIdle()
      const forwarded = seen.slice(before)
      if (where === 'head') expect(forwarded).toBe('')
      else expect(forwarded).not.toMatch(/\r\n0\r\n\r\n$/)
    },
  )

  test.each(HOSTILE_REQUESTS.filter(({ name }) => OTHER_PROTOCOLS.has(name)))(
    'forwards nothing of $name',
    async ({ bytes }) => {
      const before = seen.length
      const socket = connect(hops.port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write(Buffer.from(bytes, 'latin1'))
      const { text } = await readToEnd(socket, 500)

      expect(text).not.toMatch(/^HTTP\/1\.1 200/)
      await hops.untilIdle()
      expect(seen.slice(before)).toBe('')
    },
  )

  test('answers a right request after all of these', async () => {
    const before = seen.length
    const socket = connect(hops.port, '127.0.0.1')
    socket.write(GOOD_REQUEST)
    const { text } = await readToEnd(socket, ANSWER_MS)
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(seen.slice(before)).toMatch(/^GET \/good HTTP\/1\.1\r\n/)
  })
})
