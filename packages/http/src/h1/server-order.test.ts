import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { answer, GET, OK_EMPTY, RecordingServer, serverThatAnswers } from '../../test/recording-server.ts'
import { createResponseHead } from '../message/head.ts'

describe('pipelining', () => {
  test('hands on a request only after the answer before it ended', () => {
    const server = new RecordingServer()
    server.receive(`${GET}POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc${GET}`)
    expect(server.exchanges).toHaveLength(1)
    answer(server.last.stream, 201)
    expect(server.exchanges).toHaveLength(1)
    server.endTurn()
    expect(server.exchanges).toHaveLength(2)
    expect(server.last.body).toBe('abc')
    answer(server.last.stream, 202)
    server.endTurn()
    answer(server.last.stream, 203)
    server.endTurn()
    expect(server.exchanges).toHaveLength(3)
    expect(server.transport.take().match(/ 20\d /g)).toEqual([' 201 ', ' 202 ', ' 203 '])
    expect(server.idles).toBe(1)
  })

  test('many requests in one piece that are answered at once leave together', () => {
    const server = serverThatAnswers()
    server.receive(GET.repeat(100))
    expect(server.exchanges).toHaveLength(100)
    expect(server.transport.take()).toBe(OK_EMPTY.repeat(100))
    expect(server.transport.writes).toBe(1)
    expect(server.idles).toBe(1)
  })

  test('part of a next head is under way from the end of the answer on', () => {
    const server = new RecordingServer()
    server.receive(`${GET}GET /2 HT`)
    expect(server.session).toMatchObject({ headUnderWay: 0 })
    answer(server.last.stream, 200)
    server.endTurn()
    expect(server.idles).toBe(1)
    expect(server.session).toMatchObject({ headUnderWay: 1 })
    server.receive('TP/1.1\r\nHost: a\r\n\r\n')
    expect(server.last.head.path).toBe('/2')
    expect(server.session).toMatchObject({ headUnderWay: 0 })
  })

  test('a next head is not under way while the client does not read the answer', () => {
    const server = new RecordingServer()
    server.receive(`${GET}GET /2 HT`)
    server.transport.takesAll = false
    answer(server.last.stream, 200)
    server.endTurn()
    server.receive('TP')
    expect(server.session).toMatchObject({ headUnderWay: 0 })
    expect(server.idles).toBe(0)
    server.session.transportDrained()
    server.endTurn()
    expect(server.session).toMatchObject({ headUnderWay: 1 })
    expect(server.idles).toBe(1)
  })

  test('reading pauses beyond the bound and goes on when there is room', () => {
    const server = new RecordingServer({ maxHeldBytes: 100, maxHeadBytes: 100, maxTrailerBytes: 100 })
    server.receive(GET.repeat(4))
    expect(server.transport.isPaused).toBe(false)
    server.receive(GET.repeat(2))
    expect(server.transport.isPaused).toBe(true)
    for (let i = 0; i < 3; i++) {
      answer(server.last.stream, 200)
      server.endTurn()
    }
    expect(server.transport.isPaused).toBe(false)
    expect(server.exchanges).toHaveLength(4)
  })

  test('no request is begun while the client does not read its answers', () => {
    const server = serverThatAnswers()
    server.transport.takesAll = false
    server.receive(GET)
    server.receive(GET.repeat(3))
    expect(server.exchanges).toHaveLength(1)
    server.transport.takesAll = true
    server.session.transportDrained()
    server.endTurn()
    expect(server.exchanges).toHaveLength(4)
  })
})

describe('an early answer', () => {
  const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n'

  test('lets a small rest of the body pass unseen, then the next request comes', () => {
    const server = new RecordingServer()
    server.receive(`${POST}begin`)
    answer(server.last.stream, 403)
    server.endTurn()
    expect(server.transport.take()).not.toContain('close')
    server.receive('x'.repeat(995) + GET)
    expect(server.exchanges).toHaveLength(2)
    expect(server.exchanges[0]).toMatchObject({ body: 'begin', isEnded: false, reset: undefined })
    answer(server.last.stream, 200)
    server.endTurn()
    expect(server.idles).toBe(1)
  })

  test('to a body too long to be thrown away ends the connection', () => {
    const server = new RecordingServer({ maxDiscardedBytes: 500 })
    server.receive(`${POST}begin`)
    answer(server.last.stream, 403)
    server.endTurn()
    expect(server.transport.take()).toContain('Connection: close')
    expect(server.transport.isEnded).toBe(true)
    server.receive('x'.repeat(400))
    expect(server.transport.isAborted).toBe(false)
    server.receive('x'.repeat(200))
    expect(server.transport.isAborted).toBe(true)
  })

  test('to a chunked body that does not end is followed by no request', () => {
    const server = new RecordingServer({ maxDiscardedBytes: 500 })
    server.receive('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
    answer(server.last.stream, 403)
    server.endTurn()
    server.receive(`1f4\r\n${'x'.repeat(500)}\r\n`)
    expect(server.transport.isEnded).toBe(true)
    server.receive(`0\r\n\r\n${GET}`)
    expect(server.exchanges).toHaveLength(1)
  })

  test('instead of 100 ends the connection: nobody knows whether the body will come', () => {
    const server = new RecordingServer()
    server.receive('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n')
    answer(server.last.stream, 417)
    server.endTurn()
    expect(server.transport.take()).toContain('Connection: close')
    server.receive(GET)
    expect(server.exchanges).toHaveLength(1)
  })
})

describe('back-pressure', () => {
  test('a paused body is held back and comes when resumed', () => {
    const server = new RecordingServer()
    server.onHead = (stream) => stream.pauseBody()
    server.receive(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello`)
    expect(server.last.body).toBe('')
    expect(server.transport.isPaused).toBe(true)
    server.last.stream.resumeBody()
    expect(server.last).toMatchObject({ body: 'hello', isEnded: true })
    expect(server.transport.isPaused).toBe(false)
  })

  test('the end of a request without body is held back, too', () => {
    const server = new RecordingServer()
    server.onHead = (stream) => stream.pauseBody()
    server.receive(GET)
    expect(server.last.isEnded).toBe(false)
    server.last.stream.resumeBody()
    expect(server.last.isEnded).toBe(true)
  })

  test('a pause ends with its exchange', () => {
    const server = new RecordingServer()
    server.onHead = (stream) => stream.pauseBody()
    server.receive(GET + GET)
    answer(server.last.stream, 200)
    server.endTurn()
    expect(server.exchanges).toHaveLength(2)
  })

  test('sendData() is false while the transport holds octets, then onWritable() comes', () => {
    const server = new RecordingServer()
    server.receive(GET)
    const { stream } = server.last
    stream.sendHead(createResponseHead({ status: 200, bodyLength: 100_000 }), true)
    expect(stream.sendData(Buffer.alloc(10))).toBe(true)
    server.transport.takesAll = false
    expect(stream.sendData(Buffer.alloc(40_000))).toBe(false)
    server.transport.takesAll = true
    server.session.transportDrained()
    expect(server.last.writableCalls).toBe(1)
    expect(stream.sendData(Buffer.alloc(59_990))).toBe(true)
    stream.sendEnd()
    server.endTurn()
    expect(server.transport.take()).toHaveLength(100_000 + 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n'.length)
  })
})
