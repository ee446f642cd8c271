import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { answer, GET, OK_EMPTY, RecordingServer, serverThatAnswers } from '../../test/recording-server.ts'
import { createFields } from '../message/fields.ts'
import { createResponseHead } from '../message/head.ts'

describe('a request', () => {
  test('is taken apart into method, path, authority, fields and body', () => {
    const server = new RecordingServer()
    server.receive(
      'POST /a?b=c HTTP/1.1\r\nHost: shop.test:8080\r\nX-One: \t1 \r\nX-Two:\r\nx-one: 2\r\nContent-Length: 5\r\n\r\nhello',
    )
    const { head, lines, body, isEnded } = server.last
    expect(head).toMatchObject({
      method: 'POST',
      path: '/a?b=c',
      authority: 'shop.test:8080',
      scheme: 'http',
      bodyLength: 5,
      upgrade: undefined,
      expectsContinue: false,
    })
    expect(lines).toEqual(['x-one: 1', 'x-two: ', 'x-one: 2'])
    expect(head.fields.getAll('x-one')).toEqual(['1', '2'])
    expect({ body, isEnded }).toEqual({ body: 'hello', isEnded: true })
  })

  test.each([
    { name: 'absolute-form', line: 'GET http://b:81/x?y HTTP/1.1', path: '/x?y', authority: 'b:81', scheme: 'http' },
    { name: 'absolute-form of https', line: 'GET HTTPS://b/x HTTP/1.1', path: '/x', authority: 'b', scheme: 'https' },
    { name: 'absolute-form without path', line: 'GET http://b HTTP/1.1', path: '/', authority: 'b', scheme: 'http' },
    {
      name: 'absolute-form with only a query',
      line: 'GET http://b?q HTTP/1.1',
      path: '/?q',
      authority: 'b',
      scheme: 'http',
    },
    {
      name: 'absolute-form of OPTIONS *',
      line: 'OPTIONS http://b HTTP/1.1',
      path: '*',
      authority: 'b',
      scheme: 'http',
    },
    { name: 'asterisk-form', line: 'OPTIONS * HTTP/1.1', path: '*', authority: 'a', scheme: 'http' },
    { name: 'authority-form', line: 'CONNECT b:443 HTTP/1.1', path: '', authority: 'b:443', scheme: 'http' },
    {
      name: 'authority-form of IPv6',
      line: 'CONNECT [::1]:443 HTTP/1.1',
      path: '',
      authority: '[::1]:443',
      scheme: 'http',
    },
    { name: 'two slashes', line: 'GET //b/c HTTP/1.1', path: '//b/c', authority: 'a', scheme: 'http' },
    {
      name: 'marks that browsers send',
      line: 'GET /"<>[]\\^`{|} HTTP/1.1',
      path: '/"<>[]\\^`{|}',
      authority: 'a',
      scheme: 'http',
    },
  ])('$name is understood', ({ line, path, authority, scheme }) => {
    const server = new RecordingServer()
    server.receive(`${line}\r\nHost: a\r\n\r\n`)
    expect(server.last.head).toMatchObject({ path, authority, scheme })
  })

  test('may come after one empty line', () => {
    const server = serverThatAnswers()
    server.receive(`\r\n${GET}\r\n${GET}`)
    expect(server.exchanges).toHaveLength(2)
    expect(server.faults).toEqual([])
  })

  test('loses the fields of its connection, and those that Connection names', () => {
    const server = new RecordingServer()
    server.receive(
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Hop, keep-alive,, close\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n' +
        'Proxy-Connection: keep-alive\r\nTE: gzip, trailers;q=1, trailers\r\nUpgrade: websocket\r\nHTTP2-Settings: x\r\nX: y\r\n\r\n',
    )
    expect(server.last.lines).toEqual(['x: y', 'te: trailers'])
    expect(server.last.head.upgrade).toBeUndefined()
  })

  test('keeps octets above ASCII in values', () => {
    const server = new RecordingServer()
    server.receive('GET / HTTP/1.1\r\nHost: a\r\nX: caf\xe9 \xff\r\n\r\n')
    expect(server.last.head.fields.get('x')).toBe('caf\xe9 \xff')
  })

  test('of HTTP/1.0 may come without Host', () => {
    const server = new RecordingServer()
    server.receive('GET / HTTP/1.0\r\n\r\n')
    expect(server.last.head.authority).toBe('')
  })

  test('in chunks has no length, and its trailers come at the end without those that may not', () => {
    const server = new RecordingServer()
    server.receive(
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n' +
        '5;ext="a;b"\r\nhello\r\n006\r\n world\r\n0\r\nX-Sum: 1\r\nContent-Type: x\r\nhost: evil\r\n\r\n',
    )
    const { head, body, trailers, isEnded } = server.last
    expect({ length: head.bodyLength, body, trailers, isEnded }).toEqual({
      length: undefined,
      body: 'hello world',
      trailers: ['x-sum: 1'],
      isEnded: true,
    })
  })
})

describe('an answer', () => {
  test('leaves in one write with its body', () => {
    const server = new RecordingServer()
    server.onRequestEnd = (stream) => {
      stream.sendHead(createResponseHead({ status: 200, bodyLength: 5, fields: createFields([['x', 'y']]) }), true)
      stream.sendData(Buffer.from('hel'))
      stream.sendData(Buffer.from('lo'))
      stream.sendEnd()
    }
    server.receive(GET)
    expect(server.transport.take()).toBe('HTTP/1.1 200 OK\r\nx: y\r\nContent-Length: 5\r\n\r\nhello')
    expect(server.transport.writes).toBe(1)
    expect(server.idles).toBe(1)
    expect(server.session.activeStreams).toBe(0)
  })

  test('without known length is chunked, with its trailers', () => {
    const server = new RecordingServer()
    server.onRequestEnd = (stream) => {
      stream.sendHead(createResponseHead({ status: 200 }), true)
      stream.sendData(Buffer.from('hello'))
      stream.sendData(Buffer.alloc(0))
      stream.sendData(Buffer.from('0123456789abcdef'))
      stream.sendEnd(
        createFields([
          ['x', 'y'],
          ['content-length', '3'],
        ]),
      )
    }
    server.receive(GET)
    expect(server.transport.take()).toBe(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nx: y\r\n\r\n',
    )
  })

  test.each([
    {
      name: 'to HEAD',
      request: 'HEAD',
      status: 200,
      bodyLength: 5,
      text: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    },
    { name: 'to HEAD without length', request: 'HEAD', status: 200, text: 'HTTP/1.1 200 OK\r\n\r\n' },
    { name: '204', request: 'GET', status: 204, bodyLength: 0, text: 'HTTP/1.1 204 No Content\r\n\r\n' },
    {
      name: '304',
      request: 'GET',
      status: 304,
      bodyLength: 5,
      text: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
    },
    { name: '304 without length', request: 'GET', status: 304, text: 'HTTP/1.1 304 Not Modified\r\n\r\n' },
    { name: '200 without body', request: 'GET', status: 200, text: OK_EMPTY },
    { name: 'an unknown status', request: 'GET', status: 799, text: 'HTTP/1.1 799 \r\nContent-Length: 0\r\n\r\n' },
  ])('$name ends with its head', ({ request, status, bodyLength, text }) => {
    const server = new RecordingServer()
    server.onRequestEnd = (stream) => {
      stream.sendHead(createResponseHead({ status, bodyLength }), bodyLength !== undefined && bodyLength > 0)
      stream.sendData(Buffer.from('never'))
      stream.sendEnd()
    }
    server.receive(`${request} / HTTP/1.1\r\nHost: a\r\n\r\n`)
    expect(server.transport.take()).toBe(text)
    expect(server.idles).toBe(1)
  })

  test('never has the fields of a connection, whoever added them', () => {
    const server = new RecordingServer()
    const fields = createFields([
      ['connection', 'upgrade'],
      ['transfer-encoding', 'gzip'],
      ['content-length', '7'],
      ['x', 'y'],
      ['keep-alive', 'timeout=1'],
    ])
    server.onRequestEnd = (stream) => stream.sendHead(createResponseHead({ status: 200, fields }), false)
    server.receive(GET)
    expect(server.transport.take()).toBe('HTTP/1.1 200 OK\r\nx: y\r\nContent-Length: 0\r\n\r\n')
  })

  test.each([
    { name: 'more octets than announced', sent: 'hello!' },
    { name: 'fewer octets than announced', sent: 'hell' },
  ])('of $name ends the connection, so that nobody reads it wrong', ({ sent }) => {
    const server = new RecordingServer()
    server.receive(GET)
    const { stream } = server.last
    stream.sendHead(createResponseHead({ status: 200, bodyLength: 5 }), true)
    stream.sendData(Buffer.from(sent))
    stream.sendEnd()
    expect(server.transport.isAborted).toBe(true)
    expect(server.last.reset?.kind).toBe('local')
    expect(server.session.activeStreams).toBe(0)
  })

  test('may be preceded by informational ones', () => {
    const server = new RecordingServer()
    server.receive('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n')
    expect(server.last.head.expectsContinue).toBe(true)
    server.last.stream.sendInformational(createResponseHead({ status: 100 }))
    server.last.stream.sendInformational(createResponseHead({ status: 103, fields: createFields([['link', '</a>']]) }))
    server.endTurn()
    expect(server.transport.take()).toBe('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n')
    server.receive('ok')
    answer(server.last.stream, 200)
    server.endTurn()
    expect(server.transport.take()).toBe(OK_EMPTY)
    expect(server.transport.isEnded).toBe(false)
  })

  test('to HTTP/1.0 is neither chunked nor preceded by informational ones', () => {
    const server = new RecordingServer()
    server.receive('POST / HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n')
    const { stream, head } = server.last
    expect(head.expectsContinue).toBe(false)
    stream.sendInformational(createResponseHead({ status: 100 }))
    stream.sendHead(createResponseHead({ status: 200 }), true)
    stream.sendData(Buffer.from('hello'))
    stream.sendEnd(createFields([['x', 'y']]))
    server.endTurn()
    expect(server.transport.take()).toBe('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello')
    expect(server.transport.isEnded).toBe(true)
  })

  test('is given once', () => {
    const server = new RecordingServer()
    server.receive(GET)
    const { stream } = server.last
    expect(() => stream.sendData(Buffer.from('x'))).toThrow(RangeError)
    expect(() => stream.sendHead(createResponseHead({ status: 101, upgrade: 'x' }), true)).toThrow(RangeError)
    expect(() => stream.sendHead(createResponseHead({ status: 100 }), false)).toThrow(RangeError)
    expect(() => stream.sendHead(createResponseHead({ status: 99 }), false)).toThrow(RangeError)
    expect(() => stream.sendHead(createResponseHead({ status: 200, bodyLength: 5 }), false)).toThrow(RangeError)
    stream.sendHead(createResponseHead({ status: 200, bodyLength: 1 }), true)
    expect(() => stream.sendHead(createResponseHead({ status: 200 }), false)).toThrow(RangeError)
    stream.sendData(Buffer.from('x'))
    stream.sendEnd()
    server.endTurn()
    const text = server.transport.take()
    stream.sendHead(createResponseHead({ status: 200 }), false)
    stream.sendEnd()
    server.endTurn()
    expect(server.transport.take()).toBe('')
    expect(text).toContain('200')
  })
})

describe('persistence', () => {
  test.each([
    { name: 'HTTP/1.1', head: 'GET / HTTP/1.1\r\nHost: a', persists: true },
    {
      name: 'HTTP/1.1 with close',
      head: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Close',
      persists: false,
      option: 'close',
    },
    {
      name: 'HTTP/1.1 with both',
      head: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: close',
      persists: false,
      option: 'close',
    },
    { name: 'HTTP/1.0', head: 'GET / HTTP/1.0', persists: false, option: 'close' },
    {
      name: 'HTTP/1.0 with keep-alive',
      head: 'GET / HTTP/1.0\r\nConnection: keep-alive',
      persists: true,
      option: 'keep-alive',
    },
    {
      name: 'HTTP/1.0 with both',
      head: 'GET / HTTP/1.0\r\nConnection: keep-alive, close',
      persists: false,
      option: 'close',
    },
  ])('of $name', ({ head, persists, option }) => {
    const server = serverThatAnswers()
    server.receive(`${head}\r\n\r\n`)
    const connection = option === undefined ? '' : `Connection: ${option}\r\n`
    expect(server.transport.take()).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${connection}\r\n`)
    expect(server.transport.isEnded).toBe(!persists)
    expect(server.idles).toBe(persists ? 1 : 0)
  })

  test('ends with the client: an idle connection is closed at its FIN', () => {
    const server = new RecordingServer()
    server.receiveEnd()
    expect(server.transport.isEnded).toBe(true)
    expect(server.faults).toEqual([])
  })

  test('a client that half-closes gets all of its answers', () => {
    const server = new RecordingServer()
    server.receive(GET + GET)
    server.receiveEnd()
    expect(server.exchanges).toHaveLength(1)
    answer(server.last.stream, 200, 'one')
    server.endTurn()
    expect(server.exchanges).toHaveLength(2)
    answer(server.last.stream, 200, 'two')
    server.endTurn()
    expect(server.transport.take()).toMatch(/one[\s\S]*two$/)
    expect(server.transport.isEnded).toBe(true)
  })
})
