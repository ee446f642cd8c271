import { deepStrictEqual } from 'node:assert'
import { Buffer } from 'node:buffer'
import type { H2Limits } from '../src/h2/limits.ts'
import { createRequestHead, type ResponseHead } from '../src/message/head.ts'
import { H2Pair, h2Client } from '../test/h2-pair.ts'
import { linesOf } from '../test/lines-of.ts'
import type { ReceivedAnswer, RecordingClient } from '../test/recording-client.ts'
import { SERVER_SETTINGS, type Talk } from '../testdata/h2-talks.ts'
import { cut } from './cut.ts'
import { checkBounds, TIGHT } from './h2-bounds.ts'
import { withAnnouncedLength, withoutEmptyTrailers } from './next-hop.ts'
import { checkAnswerForwarding } from './oracles.ts'
import type { Random } from './random.ts'
import { saidIn } from './said.ts'

const TARGET = { path: '/', authority: 'a:1' }
/** What is asked, on the streams 1, 3, 5, 7 and 9; the body of the POST goes on. */
const ASKED = [
  createRequestHead({ method: 'GET', ...TARGET }),
  createRequestHead({ method: 'HEAD', ...TARGET }),
  createRequestHead({ method: 'POST', ...TARGET }),
  createRequestHead({ method: 'GET', ...TARGET, upgrade: 'websocket', bodyLength: 0 }),
  createRequestHead({ method: 'CONNECT', authority: 'a:1', path: '', bodyLength: 0 }),
]
const POSTED = 2

/**
 * Whatever frames a server sends: the client's side does not throw, hears and says the same however they are cut, keeps its bounds,
 * and what it hands on is, as our server's side writes it in either version of HTTP, the same answer to a second client.
 *
 * @throws {Error} when one of these does not hold
 */
export function checkH2Client(talk: Talk, random: Random): void {
  const octets = Buffer.concat(talk)
  const one = ask()
  deepStrictEqual(observe(ask(), cut(octets, random)), observe(one, [octets]))
  for (const [at, received] of one.answers.entries()) {
    if (received.head === undefined) continue
    // Of an answer without body the next hop need not wait for the end of the stream.
    const { head } = received
    const answer = withoutEmptyTrailers({ ...received, isEnded: received.isEnded || !received.hasBody })
    const method = ASKED[at]!.method
    checkAnswerForwarding(method, asOfHttp1(answer, head), head)
    checkH2AnswerForwarding(at, answer, head)
  }
  const { client, answers } = ask(TIGHT)
  for (const { sender } of answers) if (random.below(2) > 0) sender.pauseBody()
  client.transport.takesAll = random.below(2) > 0
  checkBounds(client, random.below(2) > 0 ? talk : cut(octets, random))
}

interface Asking {
  readonly client: RecordingClient
  readonly answers: readonly ReceivedAnswer[]
}

function ask(limits: Partial<H2Limits> = {}): Asking {
  const client = h2Client(limits)
  client.receive(SERVER_SETTINGS)
  const answers = ASKED.map((head, at) => client.request(head, at === POSTED))
  client.endTurn()
  client.transport.takeBytes()
  return { client, answers }
}

/** All that a client hears and says in one turn. */
function observe({ client, answers }: Asking, pieces: readonly Uint8Array[]): object {
  for (const piece of pieces) client.session.receive(piece)
  client.endTurn()
  const { capacity, isReusable, activeStreams } = client.session
  return {
    answers: answers.map(({ head, informational, hasBody, lines, body, trailers, isEnded, reset }) => ({
      ...{ status: head?.status, bodyLength: head?.bodyLength, upgrade: head?.upgrade, informational },
      ...{ hasBody, lines, body, trailers, isEnded, reset: reset?.error?.fault ?? reset?.kind, code: reset?.code },
    })),
    unusable: client.unusable.map(({ kind, error }) => [kind, error?.fault]),
    written: saidIn(client.transport.takeBytes()),
    ...{ idles: client.idles, capacity, isReusable, activeStreams, isEnded: client.transport.isEnded },
  }
}

function asOfHttp1(answer: ReceivedAnswer, { status, bodyLength }: ResponseHead): ReceivedAnswer {
  const hasLength = bodyLength !== undefined && answer.hasBody && status !== 101
  return hasLength ? withAnnouncedLength(answer, bodyLength) : answer
}

function checkH2AnswerForwarding(at: number, answer: ReceivedAnswer, head: ResponseHead): void {
  const pair = new H2Pair()
  pair.client.get()
  pair.settle()
  const second = pair.client.request(ASKED[at]!, at === POSTED)
  pair.settle()
  const { stream } = pair.server.last
  stream.sendHead(head, answer.hasBody)
  if (answer.body !== '') stream.sendData(Buffer.from(answer.body, 'latin1'))
  if (answer.isEnded) stream.sendEnd(answer.trailerFields)
  pair.settle()
  const { status, upgrade } = second.head!
  deepStrictEqual([status, upgrade, linesOf(second.head!.fields)], [head.status, head.upgrade, linesOf(head.fields)])
  deepStrictEqual([second.body, second.isEnded, second.reset], [answer.body, answer.isEnded, undefined])
  if (answer.isEnded) deepStrictEqual(second.trailers, answer.trailers)
}
