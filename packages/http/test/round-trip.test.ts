import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFields } from '../src/message/fields.ts'
import { createRequestHead, createResponseHead } from '../src/message/head.ts'
import { authority, bodyParts, fieldLines, path, token } from './arbitraries.ts'
import { linesOf } from './lines-of.ts'
import { observeAnswer, observeRequests } from './observe.ts'
import { RecordingClient } from './recording-client.ts'
import { RecordingServer } from './recording-server.ts'

const framing = fc.constantFrom('length' as const, 'chunked' as const)

test('a request that a client writes is the request that a server reads', () => {
  const parts = fc.record({
    method: token,
    path,
    authority,
    lines: fieldLines,
    bodyParts,
    framing,
    trailers: fieldLines,
  })
  fc.assert(
    fc.property(parts, (request) => {
      const body = request.bodyParts.join('')
      const isChunked = request.framing === 'chunked'
      const bodyLength = isChunked ? undefined : body.length
      const head = createRequestHead({ ...request, bodyLength, fields: createFields(request.lines) })
      const client = new RecordingClient()
      const { sender } = client.request(head, isChunked || body !== '')
      for (const part of request.bodyParts) sender.sendData(Buffer.from(part, 'latin1'))
      sender.sendEnd(createFields(request.trailers.map(([name, value]) => [`x-${name}`, value] as const)))
      client.endTurn()
      const server = new RecordingServer()
      server.receive(client.transport.take())
      const { last } = server
      expect(server.faults).toEqual([])
      expect(server.exchanges).toHaveLength(1)
      expect(last.head).toMatchObject({
        method: request.method,
        path: request.path,
        authority: request.authority,
        bodyLength,
      })
      expect(last.lines).toEqual(request.lines.map(([name, value]) => `${name}: ${value}`))
      expect(last).toMatchObject({ body, isEnded: true })
      const trailers = request.trailers
        .map(([name, value]) => `x-${name}: ${value}`)
        .filter((line) => !line.startsWith('x-forwarded-'))
      expect(last.trailers ?? []).toEqual(isChunked ? trailers : [])
    }),
  )
})

test('an answer that a server writes is the answer that a client reads', () => {
  const parts = fc.record({
    status: fc.integer({ min: 200, max: 999 }).filter((status) => status !== 204 && status !== 304),
    lines: fieldLines,
    bodyParts,
    framing,
    request: fc.constantFrom(
      'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
      'GET / HTTP/1.0\r\n\r\n',
    ),
  })
  fc.assert(
    fc.property(parts, ({ status, lines, request, ...answer }) => {
      const body = answer.bodyParts.join('')
      const bodyLength = answer.framing === 'chunked' ? undefined : body.length
      const server = new RecordingServer()
      server.receive(request)
      const { stream } = server.last
      stream.sendHead(createResponseHead({ status, bodyLength, fields: createFields(lines) }), true)
      for (const part of answer.bodyParts) stream.sendData(Buffer.from(part, 'latin1'))
      stream.sendEnd()
      server.endTurn()
      const client = new RecordingClient()
      const received = client.get()
      client.receive(server.transport.take())
      if (server.transport.isEnded) client.receiveEnd()
      expect(received).toMatchObject({ head: { status }, body, isEnded: true, reset: undefined })
      expect(received.lines).toEqual(lines.map(([name, value]) => `${name}: ${value}`))
      expect(client.session.isReusable).toBe(!server.transport.isEnded)
    }),
  )
})

test('octets at random never throw, on either side', () => {
  const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 100 }), { maxLength: 10 })
  fc.assert(
    fc.property(pieces, (octets) => {
      expect(observeRequests(octets)).toMatchObject({ active: 0 })
      expect(observeAnswer('GET', octets)).toMatchObject({ capacity: 0 })
    }),
    { numRuns: 500 },
  )
})

test('characters of HTTP at random never throw, on either side', () => {
  const words = [
    'GET ',
    'HTTP/1.1',
    ' ',
    '/',
    '\r\n',
    '\r',
    '\n',
    ':',
    'Host: a',
    'Content-Length',
    '5',
    '0',
    'chunked',
    '200',
    'a',
  ]
  const text = fc
    .array(fc.constantFrom(...words), { maxLength: 60 })
    .map((parts) => Buffer.from(parts.join(''), 'latin1'))
  fc.assert(
    fc.property(text, fc.nat(), (octets, at) => {
      const cut = octets.length === 0 ? 0 : at % octets.length
      const pieces = [octets.subarray(0, cut), octets.subarray(cut)].filter((piece) => piece.length > 0)
      expect(observeRequests(pieces)).toEqual(observeRequests(octets.length === 0 ? [] : [octets]))
      expect(observeAnswer('GET', pieces)).toEqual(observeAnswer('GET', octets.length === 0 ? [] : [octets]))
    }),
    { numRuns: 1000 },
  )
})

test('fields are as a plain list, whether they were received or made', () => {
  const name = fc.constantFrom('a', 'b', 'cc', 'x_^y')
  const edit = fc.record({
    kind: fc.constantFrom('set' as const, 'append' as const, 'remove' as const),
    name,
    value: fc.constantFrom('1', '2 3', ''),
  })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(name, fc.constantFrom('v', 'w'))),
      fc.array(edit),
      fc.boolean(),
      (lines, edits, isReceived) => {
        const fields = isReceived ? received(lines) : createFields(lines)
        let model = lines.map(([key, value]) => `${key}: ${value}`)
        for (const { kind, name: key, value } of edits) {
          const first = model.findIndex((line) => line.startsWith(`${key}:`))
          const line = `${key}: ${value}`
          if (kind === 'append' || (kind === 'set' && first === -1)) model.push(line)
          else if (kind === 'set')
            model = model.flatMap((old, at) => (at === first ? [line] : old.startsWith(`${key}:`) ? [] : [old]))
          else model = model.filter((old) => !old.startsWith(`${key}:`))
          if (kind === 'remove') fields.remove(key)
          else fields[kind](key, value)
        }
        expect(linesOf(fields)).toEqual(model)
        for (const key of ['a', 'b', 'cc', 'x_^y']) {
          const values = model.filter((line) => line.startsWith(`${key}:`)).map((line) => line.slice(key.length + 2))
          expect(fields.getAll(key)).toEqual(values)
          expect(fields.get(key)).toBe(values[0])
          expect(fields.has(key)).toBe(values.length > 0)
        }
        expect(writtenLines(fields)).toEqual(model)
      },
    ),
  )
})

function received(lines: readonly (readonly [string, string])[]) {
  const server = new RecordingServer()
  const text = lines.map(([name, value]) => `${name.toUpperCase()}:${value} \r\n`).join('')
  server.receive(`GET / HTTP/1.1\r\n${text}Host: a\r\n\r\n`)
  return server.last.head.fields
}

/** The lines that another server reads of a request with these fields. */
function writtenLines(fields: ReturnType<typeof createFields>): readonly string[] {
  const client = new RecordingClient()
  client.request(createRequestHead({ method: 'GET', path: '/', authority: 'a', fields }))
  client.endTurn()
  const server = new RecordingServer()
  server.receive(client.transport.take())
  return server.last.lines
}
