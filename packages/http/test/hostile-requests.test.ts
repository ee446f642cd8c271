import { expect, test } from 'vitest'
import { HTTP_FAULTS } from '../src/http-error.ts'
import { HOSTILE_REQUESTS } from '../testdata/hostile-requests.ts'
import { answerAtEnd, RecordingServer } from './recording-server.ts'

/** Every split of the short ones, and some of the long. */
const MAX_SPLITS = 300

test('the corpus is large and its names are unique', () => {
  expect(HOSTILE_REQUESTS.length).toBeGreaterThan(150)
  expect(new Set(HOSTILE_REQUESTS.map(({ name }) => name)).size).toBe(HOSTILE_REQUESTS.length)
})

test.each(HOSTILE_REQUESTS)('$name: refused as $fault', ({ bytes, fault, where }) => {
  const splits = Math.min(bytes.length - 1, MAX_SPLITS)
  for (let i = 0; i <= splits; i++) {
    const at = Math.round((i * (bytes.length - 1)) / splits)
    const seen = feed([bytes.slice(0, at), bytes.slice(at)])
    expect(seen, `cut at ${at}`).toMatchObject({ fault, answer: `HTTP/1.1 ${HTTP_FAULTS[fault]} `, isEnded: true })
    expect(seen.requests, `cut at ${at}`).toBe(where === 'head' ? 0 : 1)
    expect(seen.complete, `cut at ${at}`).toBe(0)
  }
})

test.each(HOSTILE_REQUESTS)('$name: refused octet by octet', ({ bytes, fault }) => {
  expect(feed(bytes.split('')).fault).toBe(fault)
})

function feed(pieces: readonly string[]) {
  const server = new RecordingServer()
  server.onRequestEnd = answerAtEnd
  for (const piece of pieces) if (piece !== '') server.receive(piece)
  const fault = server.faults[0]?.fault ?? server.exchanges[0]?.reset?.error?.fault
  const { isEnded } = server.transport
  return {
    fault,
    answer: server.transport.take().slice(0, 'HTTP/1.1 400 '.length),
    isEnded,
    requests: server.exchanges.length,
    complete: server.exchanges.filter((exchange) => exchange.isEnded).length,
  }
}
