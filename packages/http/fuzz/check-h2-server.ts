import { deepStrictEqual } from 'node:assert'
import { Buffer } from 'node:buffer'
import { createResponseHead } from '../src/message/head.ts'
import { OPENING } from '../test/h2-frames.ts'
import { H2Pair, h2Server } from '../test/h2-pair.ts'
import { answerEarly, describeExchange, mayHaveSwitched, observingServer } from '../test/observe.ts'
import type { Answer, ReceivedExchange, RecordingServer } from '../test/recording-server.ts'
import type { Talk } from '../testdata/h2-talks.ts'
import { cut } from './cut.ts'
import { checkBounds, TIGHT } from './h2-bounds.ts'
import { withAnnouncedLength, withoutEmptyTrailers } from './next-hop.ts'
import { checkForwarding } from './oracles.ts'
import type { Random } from './random.ts'
import { readReferenceBodies } from './reference-bodies.ts'
import { saidIn } from './said.ts'

type Application = (server: RecordingServer) => RecordingServer

/** More than the window of a stream, so that it waits for the client. */
const MUCH = Buffer.alloc(100_000)

const pause: Answer = (stream) => stream.pauseBody()
const answerMuch: Answer = (stream, { head }) => {
  const hasBody = head.method !== 'HEAD' && !mayHaveSwitched(head)
  stream.sendHead(createResponseHead({ status: hasBody ? 200 : 404 }), hasBody)
  if (!hasBody) return
  stream.sendData(MUCH)
  stream.sendEnd()
}

const MODEST: readonly Application[] = [
  observingServer,
  (server) => Object.assign(server, { onHead: answerEarly }),
  (server) => Object.assign(server, { onHead: pause }),
]
const APPLICATIONS: readonly Application[] = [...MODEST, (server) => Object.assign(server, { onHead: answerMuch })]

/**
 * Whatever frames a client sends: the server's side does not throw, sees and says the same however they are cut, keeps its bounds,
 * and what it lets pass is, as our client's side writes it on in either version of HTTP, the same request to a second server.
 *
 * @throws {Error} when one of these does not hold
 */
export function checkH2Server(talk: Talk, random: Random): void {
  const octets = Buffer.concat([OPENING, ...talk])
  const application = random.pick(APPLICATIONS)
  deepStrictEqual(observe(application(h2Server()), cut(octets, random)), observe(application(h2Server()), [octets]))
  const server = observingServer(h2Server())
  server.receive(octets)
  checkBodies(server, Buffer.concat(talk))
  for (const received of server.exchanges) {
    const exchange = withoutEmptyTrailers(received)
    checkForwarding(asOfHttp1(exchange))
    checkH2Forwarding(exchange)
  }
  const bounded = random.pick(MODEST)(h2Server(TIGHT))
  bounded.transport.takesAll = random.below(2) > 0
  checkBounds(bounded, random.below(2) > 0 ? [OPENING, ...talk] : cut(octets, random))
}

/** Of what breaks no rule, an independent reading finds the same bodies. */
function checkBodies({ exchanges, faults, transport }: RecordingServer, octets: Buffer): void {
  if (faults.length > 0 || transport.isEnded || exchanges.some(({ reset }) => reset !== undefined)) return
  const bodies = exchanges.map(({ body }) => body)
  deepStrictEqual(bodies, readReferenceBodies(octets).slice(0, bodies.length))
}

/** All that a server sees and says in one turn. */
function observe(server: RecordingServer, pieces: readonly Uint8Array[]): object {
  for (const piece of pieces) server.session.receive(piece)
  server.endTurn()
  return {
    exchanges: server.exchanges.map(describeExchange),
    faults: server.faults.map(({ fault }) => fault),
    written: saidIn(server.transport.takeBytes()),
    isEnded: server.transport.isEnded,
    isAborted: server.transport.isAborted,
    active: server.session.activeStreams,
  }
}

function asOfHttp1(exchange: ReceivedExchange): ReceivedExchange {
  const { bodyLength } = exchange.head
  return bodyLength === undefined || mayHaveSwitched(exchange.head)
    ? exchange
    : withAnnouncedLength(exchange, bodyLength)
}

function checkH2Forwarding(exchange: ReceivedExchange): void {
  const { head, body, trailerFields, isEnded } = exchange
  const pair = new H2Pair()
  // Upgrades can be asked for only once the server has said that it takes them.
  pair.client.get()
  pair.settle()
  const isOpaque = mayHaveSwitched(head)
  const { sender } = pair.client.request(head, head.bodyLength !== 0)
  if (!isOpaque && body !== '') sender.sendData(Buffer.from(body, 'latin1'))
  if (isEnded) sender.sendEnd(trailerFields)
  pair.settle()
  deepStrictEqual(pair.server.faults, [])
  const received = { ...pair.server.last, ...(isOpaque ? { body, isEnded } : {}) }
  // An end that is known in time is written with the head, which then says that there is no body.
  const mayKnow = isEnded && body === '' && head.bodyLength === undefined && received.head.bodyLength === 0
  const expected = describeExchange({ ...exchange, reset: undefined })
  deepStrictEqual(describeExchange(received), mayKnow ? { ...expected, bodyLength: 0 } : expected)
}
