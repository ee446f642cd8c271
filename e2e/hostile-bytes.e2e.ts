import { connect, createServer, type Socket } from 'node:net'
import { HTTP_FAULTS } from '@heddle/http/errors'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOSTILE_REQUESTS } from '../packages/http/testdata/hostile-requests.ts'
import { listen, portOf, readToEnd, TwoHops } from './harness/hops.ts'

/** What reaches the origin must be one of these, whole, or nothing. */
const GOOD_REQUEST = 'GET /good HTTP/1.1\r\nHost: a\r\n\r\n'
const ANSWER_MS = 3_000
/** Bad as requests of HTTP/1, but beginnings of what a listener detects: it waits for the rest until its deadline. */
const OTHER_PROTOCOLS = new Set(['TLS', 'the preface of HTTP/2'])

const seen: string[] = []
const origin = createServer((socket) => {
  const index = seen.push('') - 1
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => {
    seen[index] += chunk.toString('latin1')
    if (/^(GET|HEAD) /.test(seen[index]!) && seen[index]!.endsWith('\r\n\r\n')) {
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
      const forwarded = seen.slice(before).join('')
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
      expect(seen.slice(before).join('')).toBe('')
    },
  )

  test('answers a right request before and after all of these', async () => {
    const socket = await ask(GOOD_REQUEST)
    const { text } = await readToEnd(socket, 500)
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(seen.at(-1)).toMatch(/^GET \/good HTTP\/1\.1\r\n/)
  })
})

async function ask(bytes: string): Promise<Socket> {
  const socket = connect(hops.port, '127.0.0.1')
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.write(bytes)
  return socket
}
