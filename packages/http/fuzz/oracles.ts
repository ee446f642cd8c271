import { deepStrictEqual } from 'node:assert'
import { Buffer } from 'node:buffer'
import type { ResponseHead } from '../src/message/head.ts'
import { createRequestHead, createResponseHead } from '../src/message/head.ts'
import { linesOf } from '../test/lines-of.ts'
import { describeExchange, mayHaveSwitched, observeAnswer, observeRequests, observingServer } from '../test/observe.ts'
import { type ReceivedAnswer, RecordingClient } from '../test/recording-client.ts'
import { GET, type ReceivedExchange, RecordingServer } from '../test/recording-server.ts'
import { cut } from './cut.ts'
import type { Random } from './random.ts'
import { readReferenceRequest } from './reference-request.ts'

/**
 * Whatever octets a client sends: the server's side does not throw, sees the same however they are cut, and what it lets
 * pass is, as our client's side writes it on, exactly one request, the same, to a second server.
 *
 * @throws {Error} when one of these does not hold
 */
export function checkRequests(octets: string, random: Random): void {
  const bytes = Buffer.from(octets, 'latin1')
  deepStrictEqual(observeRequests(cut(bytes, random)), observeRequests([bytes]))
  const server = observingServer()
  server.receive(bytes)
  for (const exchange of server.exchanges) checkForwarding(exchange)
}

/** As {@link checkRequests}, for what a server answers to `method`. */
export function checkAnswer(method: string, octets: string, random: Random): void {
  const bytes = Buffer.from(octets, 'latin1')
  deepStrictEqual(observeAnswer(method, cut(bytes, random)), observeAnswer(method, [bytes]))
  const client = new RecordingClient()
  const upgrade = method === 'GET' ? 'websocket' : undefined
  const answer = client.request(createRequestHead({ method, path: '/', authority: 'a', upgrade }))
  client.endTurn()
  client.receive(bytes)
  client.receiveEnd()
  if (answer.head !== undefined) checkAnswerForwarding(method, answer, answer.head)
}

/** What was received is the same request once it was sent on over HTTP/1. */
export function checkForwarding(exchange: ReceivedExchange): void {
  const { head, body, trailerFields, isEnded } = exchange
  const client = new RecordingClient()
  const isOpaque = mayHaveSwitched(head)
  const { sender } = client.request(head, head.bodyLength !== 0)
  if (!isOpaque && body !== '') sender.sendData(Buffer.from(body, 'latin1'))
  if (isEnded) sender.sendEnd(trailerFields)
  client.endTurn()
  const written = client.transport.take()
  if (isEnded || isOpaque) checkAgainstReference(written, exchange)
  const second = new RecordingServer()
  second.receive(written)
  deepStrictEqual(second.faults, [])
  deepStrictEqual(second.exchanges.length, 1)
  if (!isEnded && !isOpaque) {
    deepStrictEqual(second.last.isEnded, false)
    return
  }
  const received = { ...second.last, ...(isOpaque ? { body, isEnded } : {}) }
  deepStrictEqual(describeExchange(received), describeExchange({ ...exchange, reset: undefined }))
  checkNothingLeft(second, isOpaque)
}

/** An independent reading finds one request, with this body and these fields, and no other octet. */
function checkAgainstReference(written: string, { head, body }: ReceivedExchange): void {
  const { method, target, fields, ...read } = readReferenceRequest(written)
  const isConnect = head.method === 'CONNECT'
  deepStrictEqual([method, target], [head.method, isConnect ? head.authority : head.path])
  deepStrictEqual(read, { body: mayHaveSwitched(head) ? '' : body, rest: '' })
  const own = ['host', 'connection', 'content-length', 'transfer-encoding', 'upgrade', 'expect']
  const lines = fields.filter(([name]) => !own.includes(name)).map(([name, value]) => `${name}: ${value}`)
  deepStrictEqual(lines, linesOf(head.fields))
  deepStrictEqual(
    fields.filter(([name]) => name === 'host').map(([, value]) => value),
    [head.authority],
  )
}

/** A request written after it is the next one: nothing of the first was left over, nor was anything missing. */
function checkNothingLeft(server: RecordingServer, isOpaque: boolean): void {
  if (isOpaque) return
  server.last.stream.sendHead(createResponseHead({ status: 200 }), false)
  server.endTurn()
  server.receive(GET)
  deepStrictEqual(server.exchanges.length, 2)
  deepStrictEqual(describeExchange(server.last), {
    ...{
      method: 'GET',
      path: '/',
      authority: 'a',
      upgrade: undefined,
      bodyLength: 0,
      expectsContinue: false,
      lines: [],
    },
    ...{ body: '', trailers: undefined, isEnded: true, reset: undefined },
  })
}

/** As {@link checkForwarding}, for an answer. */
export function checkAnswerForwarding(method: string, answer: ReceivedAnswer, head: ResponseHead): void {
  const server = new RecordingServer()
  const upgrade = head.status === 101 ? 'Connection: upgrade\r\nUpgrade: websocket\r\n' : ''
  const target = method === 'CONNECT' ? 'a:1' : '/'
  server.receive(`${method} ${target} HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`)
  const { stream } = server.last
  stream.sendHead(head, answer.hasBody)
  if (answer.body !== '') stream.sendData(Buffer.from(answer.body, 'latin1'))
  if (answer.isEnded) stream.sendEnd(answer.trailerFields)
  server.endTurn()
  const client = new RecordingClient()
  const second = client.request(createRequestHead({ method, path: '/', authority: 'a:1', upgrade: head.upgrade }))
  client.endTurn()
  client.receive(server.transport.take())
  if (head.status === 101 || answer.reset?.kind === 'peer-closed') return
  const isTunnel = method === 'CONNECT' && answer.hasBody && head.status < 300
  const isComplete = answer.isEnded && !isTunnel
  deepStrictEqual(
    {
      status: second.head?.status,
      lines: second.head && linesOf(second.head.fields),
      body: second.body,
      isEnded: second.isEnded,
    },
    { status: head.status, lines: linesOf(head.fields), body: answer.body, isEnded: isComplete },
  )
  if (isComplete) deepStrictEqual(second.trailers, answer.trailers)
  deepStrictEqual(client.session.capacity, isComplete && method !== 'CONNECT' ? 1 : 0)
}
