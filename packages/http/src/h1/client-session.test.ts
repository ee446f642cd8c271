import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { RecordingClient } from '../../test/recording-client.ts'
import { createFields } from '../message/fields.ts'
import { createRequestHead } from '../message/head.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

describe('a request', () => {
  test.each([
    { name: 'GET', method: 'GET', hasBody: false, text: 'GET /a?b HTTP/1.1\r\nHost: a:80\r\nx: y\r\n\r\n' },
    {
      name: 'an empty POST',
      method: 'POST',
      hasBody: false,
      text: 'POST /a?b HTTP/1.1\r\nHost: a:80\r\nx: y\r\nContent-Length: 0\r\n\r\n',
    },
    {
      name: 'a POST of known length',
      method: 'POST',
      bodyLength: 2,
      hasBody: true,
      text: 'POST /a?b HTTP/1.1\r\nHost: a:80\r\nx: y\r\nContent-Length: 2\r\n\r\nhi',
    },
    {
      name: 'a POST of unknown length',
      method: 'POST',
      hasBody: true,
      text: 'POST /a?b HTTP/1.1\r\nHost: a:80\r\nx: y\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    },
  ])('$name is one write', ({ method, bodyLength, hasBody, text }) => {
    const client = new RecordingClient()
    const fields = createFields([
      ['x', 'y'],
      ['host', 'evil'],
      ['content-length', '9'],
    ])
    const { sender } = client.request(
      createRequestHead({ method, path: '/a?b', authority: 'a:80', bodyLength, fields }),
      hasBody,
    )
    if (hasBody) sender.sendData(Buffer.from('hi'))
    sender.sendEnd()
    client.endTurn()
    expect(client.transport.take()).toBe(text)
    expect(client.transport.writes).toBe(1)
    expect(client.session.capacity).toBe(0)
    expect(client.session.activeStreams).toBe(1)
  })

  test('says what it expects, takes and wants to become', () => {
    const client = new RecordingClient()
    client.request(
      createRequestHead({
        method: 'PUT',
        path: '/',
        authority: 'a',
        bodyLength: 5,
        expectsContinue: true,
        fields: createFields([['te', 'trailers']]),
      }),
      true,
    )
    client.endTurn()
    expect(client.transport.take()).toBe(
      'PUT / HTTP/1.1\r\nHost: a\r\nte: trailers\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: te\r\n\r\n',
    )
    const other = new RecordingClient()
    other.request(createRequestHead({ method: 'GET', path: '/', authority: 'a', upgrade: 'websocket' }))
    other.endTurn()
    expect(other.transport.take()).toBe(
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
    )
  })

  test.each([
    { name: 'a path with a blank', parts: { path: '/a b' } },
    { name: 'a path with a line end', parts: { path: '/a\r\nX: y' } },
    { name: 'a path without slash', parts: { path: 'a' } },
    { name: 'a path above ASCII', parts: { path: '/\u0141' } },
    { name: 'a method that is no token', parts: { method: 'GET /' } },
    { name: 'an authority with a line end', parts: { authority: 'a\r\nX: y' } },
    { name: 'an upgrade with a line end', parts: { upgrade: 'a\r\nX: y' } },
    { name: 'CONNECT without authority', parts: { method: 'CONNECT', authority: '' } },
    { name: 'a length without body', parts: { bodyLength: 3 } },
  ])('with $name is a bug of the caller', ({ parts }) => {
    const client = new RecordingClient()
    const head = createRequestHead({ method: 'GET', path: '/', authority: 'a', ...parts })
    expect(() => client.request(head)).toThrow(RangeError)
    expect(client.session.capacity).toBe(1)
    expect(client.transport.isFlushWanted).toBe(false)
  })

  test('is refused while another is under way', () => {
    const client = new RecordingClient()
    client.get()
    expect(() => client.get()).toThrow(RangeError)
  })

  test.each([{ sent: 'toolong' }, { sent: 'few' }])('with "$sent" of five octets ends the connection', ({ sent }) => {
    const client = new RecordingClient()
    const answer = client.request(createRequestHead({ method: 'POST', path: '/', authority: 'a', bodyLength: 5 }), true)
    answer.sender.sendData(Buffer.from(sent))
    answer.sender.sendEnd()
    expect(answer.reset?.kind).toBe('local')
    expect(client.transport.isAborted).toBe(true)
    expect(client.unusable).toHaveLength(1)
  })
})

describe('an answer', () => {
  test('of known length leaves the connection for the next', () => {
    const client = new RecordingClient()
    for (let i = 0; i < 3; i++) {
      const answer = client.get()
      client.receive('HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nX:  caf\xe9 \r\n\r\no')
      client.receive('k')
      expect(answer).toMatchObject({ body: 'ok', lines: ['x: caf\xe9'], isEnded: true, hasBody: true })
      expect(answer.head).toMatchObject({ status: 200, bodyLength: 2 })
    }
    expect(client.idles).toBe(3)
    expect(client.session.isReusable).toBe(true)
  })

  test.each([
    {
      name: 'in chunks',
      octets: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n',
      body: 'ok',
      trailers: ['x: y'],
    },
    { name: 'without reason', octets: 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', body: 'ok' },
    { name: 'with an empty reason', octets: 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok', body: 'ok' },
    { name: 'with a reason above ASCII', octets: 'HTTP/1.1 200 d\xe9\r\nContent-Length: 2\r\n\r\nok', body: 'ok' },
    { name: 'of length 0', octets: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', body: '' },
    { name: 'of 204', octets: 'HTTP/1.1 204 No Content\r\n\r\n', body: '' },
    { name: 'of 204 with a length', octets: 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', body: '' },
    { name: 'of 304 with a length', octets: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', body: '' },
    {
      name: 'of HTTP/1.0 with keep-alive',
      octets: 'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok',
      body: 'ok',
    },
    {
      name: 'after informational ones',
      octets: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: a\r\n\r\n${OK}`,
      body: 'ok',
    },
  ])('$name ends where it ends', ({ octets, body, trailers }) => {
    const client = new RecordingClient()
    const answer = client.get()
    client.receive(octets)
    expect(answer).toMatchObject({ body, trailers, isEnded: true })
    expect({ idles: client.idles, unusable: client.unusable }).toEqual({ idles: 1, unusable: [] })
  })

  test('may be preceded by so many informational octets, counted anew for each request', () => {
    const hint = 'HTTP/1.1 103 Hints\r\nLink: a\r\n\r\n'
    const client = new RecordingClient({ maxInformationalBytes: 2 * hint.length })
    for (let request = 0; request < 2; request++) {
      const answer = client.get()
      client.receive(hint + hint + OK)
      expect(answer).toMatchObject({ body: 'ok', isEnded: true })
    }
    const answer = client.get()
    client.receive(hint + hint)
    expect(client.unusable).toEqual([])
    client.receive(hint)
    expect(answer.reset).toMatchObject({ kind: 'protocol', error: { fault: 'head_too_large' } })
    expect(answer.informational.length).toBe(2)
  })

  test('to HEAD has no body, whatever it says', () => {
    for (const framing of ['Content-Length: 5', 'Transfer-Encoding: chunked', 'X: y']) {
      const client = new RecordingClient()
      const answer = client.get('HEAD')
      client.receive(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`)
      expect(answer).toMatchObject({ isEnded: true, hasBody: false })
      expect(answer.head?.bodyLength).toBe(framing.startsWith('Content') ? 5 : undefined)
      expect(client.idles).toBe(1)
    }
  })

  test.each([
    { name: 'without length', octets: 'HTTP/1.1 200 OK\r\n\r\n' },
    { name: 'of HTTP/1.0', octets: 'HTTP/1.0 200 OK\r\n\r\n' },
    { name: 'of HTTP/1.0 that would live on', octets: 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n' },
  ])('$name ends with the connection', ({ octets }) => {
    const client = new RecordingClient()
    const answer = client.get()
    client.receive(`${octets}o`)
    client.receive('k')
    expect(client.session.isReusable).toBe(false)
    expect(answer.isEnded).toBe(false)
    client.receiveEnd()
    expect(answer).toMatchObject({ body: 'ok', isEnded: true })
    expect({ idles: client.idles, unusable: client.unusable.length }).toEqual({ idles: 0, unusable: 1 })
    expect(client.transport.isEnded).toBe(true)
  })

  test.each([
    { name: 'says close', octets: 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok' },
    { name: 'is of HTTP/1.0', octets: 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok' },
  ])('that $name is the last one', ({ octets }) => {
    const client = new RecordingClient()
    const answer = client.get()
    client.receive(octets)
    expect(answer.isEnded).toBe(true)
    expect(client.session.capacity).toBe(0)
    expect({ idles: client.idles, unusable: client.unusable.length }).toEqual({ idles: 0, unusable: 1 })
    expect(client.transport.isEnded).toBe(true)
  })

  test('that comes before the request ended is delivered, and is the last one', () => {
    const client = new RecordingClient()
    const answer = client.request(createRequestHead({ method: 'POST', path: '/', authority: 'a' }), true)
    answer.sender.sendData(Buffer.from('begin'))
    client.endTurn()
    client.receive(OK)
    expect(answer).toMatchObject({ body: 'ok', isEnded: true })
    expect(answer.sender.sendData(Buffer.from('more'))).toBe(true)
    answer.sender.sendEnd()
    expect(client.session.isReusable).toBe(false)
    expect(client.transport.isAborted).toBe(true)
    expect(client.idles).toBe(0)
  })

  test.each([
    {
      name: 'bad framing',
      octets: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n',
      fault: 'bad_framing',
    },
    {
      name: 'two lengths',
      octets: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok',
      fault: 'bad_framing',
    },
    {
      name: 'chunked in HTTP/1.0',
      octets: 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
      fault: 'bad_framing',
    },
    {
      name: 'another coding',
      octets: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n',
      fault: 'transfer_coding_not_implemented',
    },
    { name: 'a status of two digits', octets: 'HTTP/1.1 20 OK\r\n\r\n', fault: 'bad_status_line' },
    { name: 'a status of four digits', octets: 'HTTP/1.1 2000 OK\r\n\r\n', fault: 'bad_status_line' },
    { name: 'a status below 100', octets: 'HTTP/1.1 099 OK\r\n\r\n', fault: 'bad_status_line' },
    { name: 'another version', octets: 'HTTP/2.0 200 OK\r\n\r\n', fault: 'bad_status_line' },
    { name: 'something else', octets: 'SSH-2.0-x\r\n', fault: 'bad_status_line' },
    { name: 'bare LF', octets: 'HTTP/1.1 200 OK\nContent-Length: 0\n\n', fault: 'bad_status_line' },
    { name: 'a folded field', octets: 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n', fault: 'bad_field' },
    { name: 'a field before the colon', octets: 'HTTP/1.1 200 OK\r\nX : a\r\n\r\n', fault: 'bad_field' },
    { name: 'a bad chunk', octets: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\n', fault: 'bad_chunk' },
    {
      name: '101 that nobody asked for',
      octets: 'HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
      fault: 'bad_framing',
    },
    { name: 'a head above the limit', octets: `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}`, fault: 'head_too_large' },
  ])('with $name breaks the connection off', ({ octets, fault }) => {
    const client = new RecordingClient()
    const answer = client.get()
    client.receive(octets)
    expect(answer).toMatchObject({ isEnded: false, reset: { kind: 'protocol', error: { fault } } })
    expect(client.transport.isAborted).toBe(true)
    expect(client.unusable).toHaveLength(1)
    expect(client.session.isReusable).toBe(false)
  })
})

describe('what nobody asked for', () => {
  test('octets on an idle connection make it unusable', () => {
    const client = new RecordingClient()
    client.receive('HTTP/1.1 408 Request Timeout\r\n\r\n')
    expect(client.unusable).toMatchObject([{ kind: 'protocol' }])
    expect(client.session.capacity).toBe(0)
    expect(client.transport.isAborted).toBe(true)
  })

  test('octets beyond an answer make the connection unusable, and are no answer', () => {
    const client = new RecordingClient()
    const answer = client.get()
    client.receive(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`)
    expect(answer).toMatchObject({ body: 'ok', isEnded: true })
    expect(client.idles).toBe(0)
    expect(client.unusable).toHaveLength(1)
    expect(client.session.capacity).toBe(0)
  })

  test('octets between a request and its first write are no answer', () => {
    const client = new RecordingClient()
    const answer = client.request(createRequestHead({ method: 'GET', path: '/', authority: 'a' }))
    client.session.receive(Buffer.from(OK))
    expect(answer.reset?.kind).toBe('refused')
    expect(client.unusable).toHaveLength(1)
  })
})

describe('the end of the connection', () => {
  test('while idle makes it unusable', () => {
    const client = new RecordingClient()
    client.receiveEnd()
    expect(client.unusable).toMatchObject([{ kind: 'peer-closed' }])
    expect(client.transport.isEnded).toBe(true)
    expect(client.session.isReusable).toBe(false)
  })

  test.each([
    { name: 'before the answer', octets: '', kind: 'refused' },
    { name: 'within the head', octets: 'HTTP/1.1 20', kind: 'peer-closed' },
    { name: 'within the body', octets: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no', kind: 'peer-closed' },
    {
      name: 'within chunks',
      octets: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n',
      kind: 'peer-closed',
    },
    { name: 'after 100', octets: 'HTTP/1.1 100 Continue\r\n\r\n', kind: 'peer-closed' },
  ])('$name is $kind', ({ octets, kind }) => {
    for (const isReset of [false, true]) {
      const client = new RecordingClient()
      const answer = client.get()
      if (octets !== '') client.receive(octets)
      if (isReset) client.session.destroy({ kind: 'peer-closed', detail: 'ECONNRESET' })
      else client.receiveEnd()
      expect(answer).toMatchObject({ isEnded: false, reset: { kind } })
      expect(client.session.isReusable).toBe(false)
    }
  })

  test('drain() waits for the answer', () => {
    const client = new RecordingClient()
    const answer = client.get()
    client.session.drain()
    expect(client.transport.isEnded).toBe(false)
    client.receive(OK)
    expect(answer.isEnded).toBe(true)
    expect(client.transport.isEnded).toBe(true)
    expect(client.unusable).toHaveLength(1)
  })

  test('drain() ends an idle connection', () => {
    const client = new RecordingClient()
    client.session.drain()
    client.endTurn()
    expect(client.transport.isEnded).toBe(true)
    expect(client.session.capacity).toBe(0)
  })

  test('reset() ends the connection and tells nobody', () => {
    const client = new RecordingClient()
    const answer = client.get()
    answer.sender.reset({ kind: 'local', detail: 'the client went away' })
    expect(client.transport.isAborted).toBe(true)
    expect(answer.reset).toBeUndefined()
    expect(client.session.isReusable).toBe(false)
  })
})

describe('switching protocols', () => {
  const upgrade = createRequestHead({ method: 'GET', path: '/', authority: 'a', upgrade: 'websocket, irc' })

  test('101 makes the stream opaque both ways', () => {
    const client = new RecordingClient()
    const answer = client.request(upgrade)
    answer.sender.sendData(Buffer.from('before'))
    client.endTurn()
    client.transport.take()
    client.receive('HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\nraw')
    expect(answer).toMatchObject({ hasBody: true, body: 'raw', head: { status: 101, upgrade: 'websocket' } })
    expect(client.session.isReusable).toBe(false)
    answer.sender.sendData(Buffer.from('out'))
    answer.sender.sendEnd()
    client.endTurn()
    expect(client.transport.take()).toBe('out')
    expect(client.transport.isEnded).toBe(true)
    client.receiveEnd()
    expect(answer.isEnded).toBe(true)
    expect(client.unusable).toHaveLength(1)
    expect(client.session.activeStreams).toBe(0)
  })

  test('the server may close first', () => {
    const client = new RecordingClient()
    const answer = client.request(upgrade)
    client.endTurn()
    client.receive('HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: irc\r\n\r\n')
    client.receiveEnd()
    expect(answer.isEnded).toBe(true)
    answer.sender.sendData(Buffer.from('out'))
    answer.sender.sendEnd()
    client.endTurn()
    expect(client.transport.take()).toContain('out')
    expect(client.transport.isEnded).toBe(true)
    expect(client.unusable).toHaveLength(1)
  })

  test('2xx to CONNECT is opaque, and its framing means nothing', () => {
    const client = new RecordingClient()
    const answer = client.request(createRequestHead({ method: 'CONNECT', path: '', authority: 'b:443' }))
    client.endTurn()
    expect(client.transport.take()).toBe('CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n')
    client.receive('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nraw')
    expect(answer).toMatchObject({ hasBody: true, body: 'raw', isEnded: false })
  })

  test('a refused CONNECT is an answer as all are', () => {
    const client = new RecordingClient()
    const answer = client.request(createRequestHead({ method: 'CONNECT', path: '', authority: 'b:443' }))
    client.endTurn()
    client.receive('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno')
    expect(answer).toMatchObject({ body: 'no', isEnded: true })
    expect(client.idles).toBe(1)
  })
})

describe('back-pressure', () => {
  test('a paused answer is held back and comes when resumed', () => {
    const client = new RecordingClient()
    const answer = client.get()
    answer.sender.pauseBody()
    expect(client.transport.isPaused).toBe(true)
    client.receive(OK)
    expect(answer).toMatchObject({ body: '', isEnded: false, head: { status: 200 } })
    answer.sender.resumeBody()
    expect(answer).toMatchObject({ body: 'ok', isEnded: true })
    expect(client.transport.isPaused).toBe(false)
    expect(client.idles).toBe(1)
  })

  test('the end of the connection waits for a paused answer', () => {
    const client = new RecordingClient()
    const answer = client.get()
    answer.sender.pauseBody()
    client.receive('HTTP/1.1 200 OK\r\n\r\nok')
    client.receiveEnd()
    expect(answer.isEnded).toBe(false)
    answer.sender.resumeBody()
    expect(answer).toMatchObject({ body: 'ok', isEnded: true })
  })
})
