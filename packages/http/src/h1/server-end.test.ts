import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { answer, GET, RecordingServer, serverThatAnswers } from '../../test/recording-server.ts'
import { HttpError } from '../http-error.ts'
import { createResponseHead } from '../message/head.ts'

describe('switching protocols', () => {
  const UPGRADE = 'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n'

  test('101 makes the stream opaque both ways', () => {
    const server = new RecordingServer()
    server.receive(`${UPGRADE}early`)
    const { head, stream } = server.last
    expect(head.upgrade).toBe('websocket')
    expect(server.last.isEnded).toBe(false)
    stream.sendHead(createResponseHead({ status: 101, upgrade: 'websocket' }), true)
    expect(server.last.body).toBe('')
    server.endTurn()
    expect(server.last.body).toBe('early')
    server.receive(GET)
    expect(server.last.body).toBe(`early${GET}`)
    stream.sendData(Buffer.from('raw'))
    server.endTurn()
    expect(server.transport.take()).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nraw',
    )
    server.receiveEnd()
    expect(server.last.isEnded).toBe(true)
    expect(server.session.activeStreams).toBe(1)
    stream.sendData(Buffer.from('more'))
    stream.sendEnd()
    stream.sendData(Buffer.from('too late'))
    server.endTurn()
    expect(server.transport.take()).toBe('more')
    expect(server.transport.isEnded).toBe(true)
    expect(server.session.activeStreams).toBe(0)
  })

  test('our half may close first', () => {
    const server = new RecordingServer()
    server.receive(UPGRADE)
    server.last.stream.sendHead(createResponseHead({ status: 101, upgrade: 'websocket' }), true)
    server.last.stream.sendEnd()
    server.endTurn()
    expect(server.transport.isEnded).toBe(true)
    server.receive('still')
    server.receiveEnd()
    expect(server.last).toMatchObject({ body: 'still', isEnded: true })
    expect(server.session.activeStreams).toBe(0)
  })

  test('another answer leaves the connection HTTP', () => {
    const server = new RecordingServer()
    server.receive(UPGRADE + GET)
    answer(server.last.stream, 200)
    expect(server.last.isEnded).toBe(true)
    server.endTurn()
    expect(server.exchanges).toHaveLength(2)
  })

  test.each([
    { name: 'h2c', fields: 'Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x' },
    { name: 'h2c in capitals', fields: 'Connection: upgrade\r\nUpgrade: H2C' },
    { name: 'what Connection does not name', fields: 'Upgrade: websocket' },
    {
      name: 'an upgrade of a request with a body',
      fields: 'Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 1',
    },
  ])('$name is no upgrade', ({ fields }) => {
    const server = new RecordingServer()
    server.receive(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n`)
    expect(server.last.head.upgrade).toBeUndefined()
    expect(server.last.lines).toEqual([])
  })

  test('of two offers, h2c is left out', () => {
    const server = new RecordingServer()
    server.receive('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c, websocket, irc/6.9\r\n\r\n')
    expect(server.last.head.upgrade).toBe('websocket, irc/6.9')
  })

  test('2xx to CONNECT makes the stream opaque, without framing', () => {
    const server = new RecordingServer()
    server.receive('CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\nhi')
    server.last.stream.sendHead(createResponseHead({ status: 200 }), true)
    server.endTurn()
    expect(server.transport.take()).toBe('HTTP/1.1 200 OK\r\n\r\n')
    expect(server.last.body).toBe('hi')
  })

  test('what came after a refused CONNECT is never read as a request', () => {
    const server = new RecordingServer()
    server.receive(`CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n${GET}`)
    answer(server.last.stream, 403)
    server.endTurn()
    expect(server.transport.take()).toContain('Connection: close')
    expect(server.exchanges).toHaveLength(1)
    expect(server.transport.isEnded).toBe(true)
  })
})

describe('faults', () => {
  test('an answer names the fault and ends the connection', () => {
    const server = new RecordingServer()
    server.receive('GET / HTTP/1.1\r\n\r\n')
    expect(server.transport.take()).toBe(
      'HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nheddle-error: bad_host\r\n' +
        'Content-Length: 18\r\nConnection: close\r\n\r\nbad_host: no Host\n',
    )
    expect(server.faults.map(({ fault }) => fault)).toEqual(['bad_host'])
    expect(server.transport.isEnded).toBe(true)
  })

  test('a fault in a body after the head of the answer breaks the connection off', () => {
    const server = new RecordingServer()
    server.receive('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    server.last.stream.sendHead(createResponseHead({ status: 200 }), true)
    server.endTurn()
    server.receive('x')
    expect(server.last.reset).toMatchObject({ kind: 'protocol', error: { fault: 'bad_chunk' } })
    expect(server.transport.isAborted).toBe(true)
    expect(server.faults).toEqual([])
  })

  test.each([
    { name: 'a head', octets: 'GET / HTT', fault: 'incomplete_message' },
    { name: 'a head that is wrong already', octets: 'GET / HTTP/1.1\r\nHost : ', fault: 'bad_field' },
  ])('the end within $name', ({ octets, fault }) => {
    const server = new RecordingServer()
    for (const octet of octets) server.receive(octet)
    server.receiveEnd()
    expect(server.faults.map((error) => error.fault)).toEqual([fault])
    expect(server.transport.take()).toContain('400')
  })

  test.each([
    { name: 'a body', framing: 'Content-Length: 5', octets: 'hell' },
    { name: 'chunks', framing: 'Transfer-Encoding: chunked', octets: '5\r\nhello\r\n' },
    { name: 'trailers', framing: 'Transfer-Encoding: chunked', octets: '0\r\nX: y\r\n' },
  ])('the end within $name', ({ framing, octets }) => {
    const server = new RecordingServer()
    server.receive(`POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n${octets}`)
    server.receiveEnd()
    expect(server.last.reset).toMatchObject({ kind: 'peer-closed', error: { fault: 'incomplete_message' } })
    expect(server.last.isEnded).toBe(false)
    expect(server.transport.take()).toContain('400')
  })

  test('after a fault nothing is read, and endless octets end in an abort', () => {
    const server = new RecordingServer({ maxDiscardedBytes: 100 })
    server.receive('nonsense\r\n')
    server.receive(GET)
    expect(server.exchanges).toHaveLength(0)
    server.receive('x'.repeat(100))
    expect(server.transport.isAborted).toBe(true)
  })

  test('refuse() answers for its owner: a head that takes too long gets 408', () => {
    const server = new RecordingServer()
    server.receive('GET / HTTP/1.1\r\nHost: a\r\n')
    server.session.refuse(new HttpError('head_timeout', 'the head took over 10 s'))
    server.endTurn()
    expect(server.transport.take()).toMatch(/^HTTP\/1\.1 408 [\s\S]*heddle-error: head_timeout/)
    expect(server.faults).toHaveLength(1)
    expect(server.transport.isEnded).toBe(true)
  })
})

describe('the end', () => {
  test('drain() closes an idle connection at once', () => {
    const server = serverThatAnswers()
    server.receive(GET)
    server.transport.take()
    server.session.drain()
    server.session.drain()
    server.endTurn()
    expect(server.transport.isEnded).toBe(true)
  })

  test('drain() lets an open exchange and a begun head end, and says close', () => {
    const server = new RecordingServer()
    server.receive(GET)
    server.session.drain()
    answer(server.last.stream, 200)
    server.endTurn()
    expect(server.transport.take()).toContain('Connection: close')
    expect(server.transport.isEnded).toBe(true)

    const begun = serverThatAnswers()
    begun.receive(GET.slice(0, 9))
    begun.session.drain()
    begun.endTurn()
    expect(begun.transport.isEnded).toBe(false)
    begun.receive(GET.slice(9))
    expect(begun.transport.take()).toContain('Connection: close')
    expect(begun.transport.isEnded).toBe(true)
  })

  test('drain() after the head of the answer ends the connection with the answer', () => {
    const server = new RecordingServer()
    server.receive(GET)
    server.last.stream.sendHead(createResponseHead({ status: 200, bodyLength: 1 }), true)
    server.session.drain()
    server.last.stream.sendData(Buffer.from('x'))
    server.last.stream.sendEnd()
    server.endTurn()
    expect(server.transport.isEnded).toBe(true)
    expect(server.idles).toBe(0)
  })

  test('destroy() tells the receiver, once', () => {
    const server = new RecordingServer()
    server.receive(GET)
    server.session.destroy({ kind: 'local', detail: 'deadline' })
    server.session.destroy({ kind: 'local', detail: 'again' })
    expect(server.last.reset?.detail).toBe('deadline')
    expect(server.session.activeStreams).toBe(0)
    server.last.stream.sendHead(createResponseHead({ status: 200 }), false)
    server.receive(GET)
    server.receiveEnd()
    expect(server.exchanges).toHaveLength(1)
  })

  test('reset() with the last octets of a body ends the connection all the same', () => {
    const server = new RecordingServer()
    server.onHead = (stream, exchange) => {
      Object.defineProperty(exchange, 'body', {
        set: () => stream.reset({ kind: 'local', detail: 'no more' }),
        get: () => '',
      })
    }
    server.receive(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok${GET}`)
    expect(server.transport.isAborted).toBe(true)
    expect(server.exchanges).toHaveLength(1)
  })

  test('reset() ends the connection and tells nobody', () => {
    const server = new RecordingServer()
    server.receive(GET)
    server.last.stream.reset({ kind: 'local', detail: 'the other hop failed' })
    expect(server.transport.isAborted).toBe(true)
    expect(server.last.reset).toBeUndefined()
    expect(server.session.activeStreams).toBe(0)
  })
})
