import { Buffer } from 'node:buffer'
import { createRequestHead, createResponseHead, type RequestHead } from '../src/message/head.ts'
import { linesOf } from './lines-of.ts'
import { RecordingClient } from './recording-client.ts'
import { type Answer, type ReceivedExchange, RecordingServer } from './recording-server.ts'

/** Octets in the pieces in which they come. */
export type Pieces = readonly Uint8Array[]

/** A server that answers everything, and switches where it may. */
export function observingServer(server = new RecordingServer()): RecordingServer {
  server.onHead = (stream, { head }) => {
    if (head.method === 'CONNECT') stream.sendHead(createResponseHead({ status: 200 }), true)
    else if (head.upgrade !== undefined) {
      stream.sendHead(createResponseHead({ status: 101, upgrade: head.upgrade.split(', ')[0]! }), true)
    }
  }
  server.onRequestEnd = (stream, { head, body }) => {
    if (mayHaveSwitched(head)) return stream.sendEnd()
    stream.sendHead(createResponseHead({ status: 200, bodyLength: body.length }), body !== '')
    stream.sendData(Buffer.from(body, 'latin1'))
    stream.sendEnd()
  }
  return server
}

/** Answers at the head, before the body was seen. */
export const answerEarly: Answer = (stream) => stream.sendHead(createResponseHead({ status: 403 }), false)

export function mayHaveSwitched(head: RequestHead): boolean {
  return head.method === 'CONNECT' || head.upgrade !== undefined
}

/** All that a server's side sees and writes, as a value to compare. */
export function observeRequests(pieces: Pieces, server = observingServer()): object {
  for (const piece of pieces) server.receive(piece)
  server.receiveEnd()
  return {
    exchanges: server.exchanges.map(describeExchange),
    faults: server.faults.map(({ fault }) => fault),
    written: server.transport.take(),
    isEnded: server.transport.isEnded,
    isAborted: server.transport.isAborted,
    active: server.session.activeStreams,
  }
}

/** What two hops must agree on. */
export function describeExchange(exchange: ReceivedExchange): object {
  const { head, body, trailers, isEnded, reset } = exchange
  return {
    ...{ method: head.method, path: head.path, authority: head.authority, upgrade: head.upgrade },
    ...{ bodyLength: head.bodyLength, expectsContinue: head.expectsContinue, lines: linesOf(head.fields) },
    ...{ body, trailers, isEnded, reset: reset?.error?.fault ?? reset?.kind },
  }
}

/** All that a client's side sees of one answer, and how the connection is left. */
export function observeAnswer(method: string, pieces: Pieces): object {
  const client = new RecordingClient()
  const upgrade = method === 'GET' ? 'websocket' : undefined
  const answer = client.request(createRequestHead({ method, path: '/', authority: 'a:80', upgrade }))
  client.endTurn()
  client.transport.take()
  for (const piece of pieces) client.receive(piece)
  client.receiveEnd()
  const { head, informational, hasBody, lines, body, trailers, isEnded, reset } = answer
  return {
    ...{ status: head?.status, bodyLength: head?.bodyLength, upgrade: head?.upgrade, informational },
    ...{ hasBody, lines, body, trailers, isEnded, reset: reset?.error?.fault ?? reset?.kind },
    ...{ capacity: client.session.capacity, unusable: client.unusable.length, written: client.transport.take() },
  }
}
