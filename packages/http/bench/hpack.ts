import { Buffer } from 'node:buffer'
import { isEndToEnd } from '../src/h1/own-names.ts'
import { HeaderFields } from '../src/h2/header-fields.ts'
import { HpackDecoder } from '../src/h2/hpack/decoder.ts'
import { HpackEncoder } from '../src/h2/hpack/encoder.ts'
import { entryOf } from '../src/h2/hpack/entry-cache.ts'
import { HeaderEntry } from '../src/h2/hpack/header-entry.ts'
import { headerNameOf } from '../src/h2/hpack/header-name-of.ts'
import type { OctetSink } from '../src/h2/hpack/octet-sink.ts'
import { literalOf } from '../src/h2/hpack/write-literal.ts'
import { FieldLines } from '../src/message/field-lines.ts'
import type { Latin1Buffer } from '../src/octets.ts'

/**
 * What HPACK costs a proxy for each header block: decoded from one connection, encoded for another one. `node
 * packages/http/bench/hpack.ts`, or with Bun; prints ns of CPU a block.
 */
const ROUNDS = 7
const BLOCKS = 200_000
const LIMITS = { maxTableBytes: 4096, maxListBytes: 65_536, maxEntries: 100 }

type Line = readonly [name: string, value: string]

class Sink implements OctetSink {
  readonly bytes = Buffer.allocUnsafeSlow(65_536) as Latin1Buffer
  position = 0
  ensure(count: number): void {
    if (this.position + count > this.bytes.length) throw new RangeError('full')
  }
}

const REQUEST: readonly Line[] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/emojivoto.v1.VotingService/VoteDoughnut'],
  [':authority', 'voting-svc.emojivoto:8080'],
  ['content-type', 'application/grpc'],
  ['user-agent', 'grpc-go/1.70.0'],
  ['te', 'trailers'],
  ['grpc-accept-encoding', 'gzip'],
]
const ANSWER: readonly Line[] = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
]
const TRAILERS: readonly Line[] = [
  ['grpc-status', '0'],
  ['grpc-message', ''],
]
const BROWSER: readonly Line[] = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/a/b?c=d'],
  [':authority', 'shop.test:8080'],
  ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
  ['accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
  ['accept-language', 'en-US,en;q=0.5'],
  ['accept-encoding', 'gzip, deflate, br'],
  ['cookie', 'session=0123456789abcdef0123456789abcdef'],
]

/** CPU time of all threads, so that collecting garbage counts, and other processes do not. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function measure(name: string, run: (at: number) => void): void {
  for (let i = 0; i < BLOCKS; i++) run(i)
  let bestMs = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = cpuMs()
    for (let i = 0; i < BLOCKS; i++) run(i)
    bestMs = Math.min(bestMs, cpuMs() - startMs)
  }
  process.stdout.write(`${name.padEnd(44)} ${String(Math.round((bestMs / BLOCKS) * 1e6)).padStart(5)} ns\n`)
}

/** The lines as a peer sends them again and again, behind what it had to send first. */
function indexedBlock(lines: readonly Line[], decoder: HpackDecoder): Buffer {
  const encoder = new HpackEncoder(LIMITS)
  const sink = new Sink()
  for (let times = 0; times < 3; times++) {
    sink.position = 0
    for (const [name, value] of lines) encoder.encode(entryOf(name, value), sink)
    decoder.decode(sink.bytes, 0, sink.position)
  }
  return Buffer.from(sink.bytes.subarray(0, sink.position))
}

/** A Huffman-coded literal without indexing, with a name of the static table below 15. */
function pathLiteral(path: string): Buffer {
  return Buffer.concat([Uint8Array.of(0x04), literalOf(path)])
}

class Hop {
  readonly decoder = new HpackDecoder(LIMITS)
  readonly encoders: readonly HpackEncoder[]
  readonly sink = new Sink()

  constructor(upstreams = 1) {
    this.encoders = Array.from({ length: upstreams }, () => new HpackEncoder(LIMITS))
  }

  pass(block: Buffer, at: number): void {
    const entries = this.decoder.decode(block, 0, block.length)
    let pseudo = 0
    while (pseudo < entries.length && entries[pseudo]!.header.isPseudo) pseudo++
    const fields = new HeaderFields(entries, pseudo)
    const { sink } = this
    sink.position = 0
    const encoder = this.encoders[at % this.encoders.length]!
    encoder.begin(sink)
    for (let i = 0; i < pseudo; i++) encoder.encode(entries[i]!, sink)
    encoder.encodeFields(fields, isEndToEnd, sink)
  }
}

function measureIndexed(name: string, lines: readonly Line[], upstreams = 1): void {
  const hop = new Hop(upstreams)
  const block = indexedBlock(lines, hop.decoder)
  measure(`${name} (${block.length} octets)`, (at) => hop.pass(block, at))
}

measureIndexed('gRPC request, all indexed', REQUEST)
measureIndexed('gRPC request, all indexed, 8 upstreams', REQUEST, 8)
measureIndexed('gRPC answer, all indexed', ANSWER)
measureIndexed('gRPC trailers, all indexed', TRAILERS)
measureIndexed('browser request, all indexed', BROWSER)
{
  const hop = new Hop()
  const block = indexedBlock(REQUEST, hop.decoder)
  const mixed = Buffer.concat([pathLiteral('/emojivoto.v1.VotingService/VoteDoughnut'), block])
  measure('gRPC request, one more path as a literal', (at) => hop.pass(mixed, at))
}
{
  const hop = new Hop()
  const block = indexedBlock(REQUEST, hop.decoder)
  const paths = Array.from({ length: 5000 }, (_, at) =>
    Buffer.concat([block, pathLiteral(`/users/${at}0123456789/profile/${at}`)]),
  )
  measure('gRPC request, one more path, ever new', (at) => hop.pass(paths[at % paths.length]!, at))
}
{
  const hop = new Hop()
  const block = indexedBlock(REQUEST, hop.decoder)
  const paths = Array.from({ length: 5000 }, (_, at) => {
    const id = literalOf(`${at}`.padStart(8, '0').repeat(4))
    return Buffer.concat([block, Uint8Array.of(0x00), literalOf('x-request-id'), id])
  })
  measure('gRPC request, one more request id', (at) => hop.pass(paths[at % paths.length]!, at))
}
{
  const encoder = new HpackEncoder(LIMITS)
  const sink = new Sink()
  measure('gRPC request, made of strings', () => {
    sink.position = 0
    for (const [name, value] of REQUEST) encoder.encode(entryOf(name, value), sink)
  })
}
{
  const encoder = new HpackEncoder(LIMITS)
  const sink = new Sink()
  let text = ''
  const lines: number[] = []
  for (const [name, value] of BROWSER.slice(4)) {
    lines.push(text.length, text.length + name.length, text.length + name.length + 2 + value.length)
    text += `${name}: ${value}\r\n`
  }
  const received = { bytes: Buffer.from(text), base: 0, size: text.length }
  measure('browser fields, out of HTTP/1', () => {
    sink.position = 0
    encoder.encodeFields(new FieldLines(received, lines), isEndToEnd, sink)
  })
}
{
  const decoder = new HpackDecoder(LIMITS)
  const block = indexedBlock(REQUEST, decoder)
  measure('gRPC request, decoded only', () => {
    decoder.decode(block, 0, block.length)
  })
}
{
  const name = headerNameOf(':path')
  measure('an entry, made', (at) => {
    new HeaderEntry(name, at % 2 === 0 ? '/emojivoto.v1.VotingService/VoteDoughnut' : '/a')
  })
}
