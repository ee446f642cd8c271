import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { createRandom, type Random } from '../fuzz/random.ts'
import { readReferenceRequest } from '../fuzz/reference-request.ts'
import { HEAD_FAULTS } from '../testdata/h2-faults.ts'
import { GET_FIELDS, headers, OPENING } from './h2-frames.ts'
import { h2Server } from './h2-pair.ts'
import { linesOf } from './lines-of.ts'
import { RecordingClient } from './recording-client.ts'

const RUNS = 5000
const OWN = ['host', 'connection', 'content-length', 'transfer-encoding', 'upgrade', 'expect']
const CRUMBS = [
  '\r\n',
  '\r',
  '\n',
  '\0',
  ' ',
  ':',
  '\t',
  'a',
  '/',
  '#',
  '?',
  '%0d%0a',
  'HTTP/1.1',
  'chunked',
  '\xff',
  '@',
  '',
]
const FIELDS: readonly (readonly [string, string])[] = [
  ['content-length', '0'],
  ['te', 'trailers'],
  ['cookie', 'a=b'],
  ['cookie', 'c=d'],
  ['expect', '100-continue'],
  ['host', 'a'],
  ['x-a', 'b c'],
  [':protocol', 'websocket'],
  ...HEAD_FAULTS.flatMap(({ fields }) => fields.slice(0, 8)),
]

function mutant(random: Random): (readonly [string, string])[] {
  const fields: (readonly [string, string])[] = [...GET_FIELDS]
  for (let left = random.below(4); left > 0; left--) fields.push(random.pick(FIELDS))
  for (let left = random.below(4); left > 1; left--) fields.push(['cookie', random.pick(['', 'a=b', ';'])])
  for (let left = random.below(3); left > 0; left--) {
    const at = random.below(fields.length)
    const [name, value] = fields[at]!
    const cut = random.below(value.length + 1)
    if (random.below(4) > 0) fields[at] = [name, value.slice(0, cut) + random.pick(CRUMBS) + value.slice(cut)]
    else fields[at] = [name + random.pick(CRUMBS), value]
  }
  return fields
}

test('whatever a client of HTTP/2 writes into a head, what passes is one request of HTTP/1, and the same', () => {
  let passed = 0
  for (let seed = 1; seed <= RUNS; seed++) {
    const server = h2Server()
    server.receive(Buffer.concat([OPENING, headers(1, mutant(createRandom(seed)), { isEnd: true })]))
    expect(server.exchanges.length + server.faults.length).toBe(1)
    const [exchange] = server.exchanges
    if (exchange === undefined || exchange.head.method === 'CONNECT') continue
    passed += 1
    const { head } = exchange
    const client = new RecordingClient()
    client.request(head, head.bodyLength !== 0)
    client.endTurn()
    const read = readReferenceRequest(client.transport.take())
    expect([read.method, read.target, read.rest]).toEqual([head.method, head.path, ''])
    const lines = read.fields.filter(([name]) => !OWN.includes(name)).map(([name, value]) => `${name}: ${value}`)
    expect(lines).toEqual(linesOf(head.fields))
  }
  expect(passed).toBeGreaterThan(RUNS / 10)
})
