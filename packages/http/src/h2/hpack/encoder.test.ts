import { describe, expect, test } from 'vitest'
import { GrowingSink } from '../../../test/growing-sink.ts'
import { createFields } from '../../message/fields.ts'
import { HeaderFields } from '../header-fields.ts'
import { HpackDecoder } from './decoder.ts'
import { HpackEncoder } from './encoder.ts'
import { entryOf } from './entry-cache.ts'
import { HeaderEntry } from './header-entry.ts'
import { headerNameOf } from './header-name-of.ts'

/** Octets of a dynamic or static index below 127. */
const INDEX = 1

class Connection {
  readonly encoder: HpackEncoder
  readonly decoder = new HpackDecoder({ maxTableBytes: 65_536, maxListBytes: 65_536, maxEntries: 100 })
  readonly out = new GrowingSink()

  constructor(maxTableBytes = 4096) {
    this.encoder = new HpackEncoder({ maxTableBytes })
  }

  /** Octets that the fields took; the other side has read them. */
  send(...lines: readonly (readonly [string, string])[]): number {
    return this.sendEntries(lines.map(([name, value]) => entryOf(name, value)))
  }

  sendEntries(entries: readonly HeaderEntry[]): number {
    this.encoder.begin(this.out)
    for (const entry of entries) this.encoder.encode(entry, this.out)
    return this.receive(entries)
  }

  receive(entries: readonly { readonly name: string; readonly value: string }[]): number {
    const block = this.out.take()
    const received = this.decoder.decode(block, 0, block.length)
    expect(received.map(({ name, value }) => [name, value])).toEqual(entries.map(({ name, value }) => [name, value]))
    return block.length
  }

  /** The first octet that the fields are written as. */
  patternOf(entry: HeaderEntry): number {
    this.encoder.begin(this.out)
    this.encoder.encode(entry, this.out)
    const block = this.out.take()
    this.decoder.decode(block, 0, block.length)
    return block[0]!
  }
}

function fresh(name: string, value: string, isNeverIndexed = false): HeaderEntry {
  return new HeaderEntry(headerNameOf(name), value, isNeverIndexed)
}

describe('HpackEncoder', () => {
  test('writes what is in the static table as its index', () => {
    expect(new Connection().send([':method', 'POST'], [':status', '404'], ['accept-encoding', 'gzip, deflate'])).toBe(
      3 * INDEX,
    )
  })

  test('indexes at once what has few values', () => {
    const connection = new Connection()
    connection.send(['content-type', 'application/grpc'])
    expect(connection.send(['content-type', 'application/grpc'])).toBe(INDEX)
  })

  test('indexes a path that comes again, but not one that comes once', () => {
    const connection = new Connection()
    connection.sendEntries([fresh(':path', '/once')])
    connection.sendEntries([fresh(':path', '/once')])
    const path = fresh(':path', '/again')
    expect(connection.sendEntries([path])).toBe(8)
    expect(connection.sendEntries([path])).toBeLessThan(8)
    expect(connection.sendEntries([path])).toBe(INDEX)
    expect(connection.sendEntries([fresh(':path', '/again')])).toBe(INDEX)
  })

  test('writes a new name once, and then refers to it', () => {
    const connection = new Connection()
    const first = connection.send(['x-request-id', '00000000-0001'])
    const second = connection.send(['x-request-id', '00000000-0002'])
    // 62 does not fit into the prefix of four bits.
    expect(second).toBe(3 + '00000000-0002'.length)
    expect(second).toBeLessThan(first)
  })

  test('does not mistake a name for another one with the same hash', () => {
    const connection = new Connection()
    const lines = Array.from({ length: 100 }, (_, at) => [`x-${at}`, String(at)] as const)
    for (let round = 0; round < 3; round++) connection.send(...lines)
  })

  test.each([
    { name: 'authorization', value: 'Bearer token' },
    { name: 'proxy-authorization', value: 'Basic Og==' },
    { name: 'cookie', value: 'short=1' },
  ])('never lets $name into a table', ({ name, value }) => {
    const connection = new Connection()
    const entry = fresh(name, value)
    for (let times = 0; times < 3; times++) expect(connection.patternOf(entry) & 0xf0).toBe(0x10)
  })

  test.each(['content-length', 'etag', 'set-cookie', 'location', 'age'])('writes %s without indexing', (name) => {
    const connection = new Connection()
    const entry = fresh(name, '12345')
    for (let times = 0; times < 3; times++) expect(connection.patternOf(entry) & 0xf0).toBe(0x00)
  })

  test('keeps what a peer forbade to index as it is, also when it could be an index', () => {
    const connection = new Connection()
    for (const entry of [
      fresh('x-key', 'secret', true),
      fresh(':method', 'GET', true),
      fresh('te', 'trailers', true),
    ]) {
      for (let times = 0; times < 3; times++) expect(connection.patternOf(entry) & 0xf0).toBe(0x10)
    }
    expect(connection.patternOf(fresh('te', 'trailers')) & 0xc0).toBe(0x40)
    expect(connection.patternOf(fresh('te', 'trailers', true)) & 0xf0).toBe(0x10)
  })

  test('gives a decoder back what is never to be indexed as such', () => {
    const { encoder, decoder, out } = new Connection()
    encoder.encode(fresh('x-key', 'secret', true), out)
    const block = out.take()
    expect(decoder.decode(block, 0, block.length)[0]!.isNeverIndexed).toBe(true)
  })

  test('does not give a large part of the table to one entry', () => {
    const connection = new Connection()
    const entry = fresh('user-agent', 'x'.repeat(2100))
    connection.send(['content-type', 'application/grpc'])
    for (let times = 0; times < 3; times++) expect(connection.sendEntries([entry])).toBeGreaterThan(1000)
    expect(connection.send(['content-type', 'application/grpc'])).toBe(INDEX)
  })

  test('forgets what was evicted', () => {
    const connection = new Connection()
    connection.send(['content-type', 'a/b'])
    for (let at = 0; at < 200; at++) connection.send(['user-agent', `agent ${at}`])
    expect(connection.send(['content-type', 'a/b'])).toBeGreaterThan(INDEX)
    expect(connection.send(['content-type', 'a/b'])).toBe(INDEX)
  })

  test('writes indexes above 126', () => {
    const connection = new Connection()
    for (let at = 0; at < 80; at++) connection.send(['user-agent', String(at)])
    for (let at = 0; at < 80; at++) expect(connection.send(['user-agent', String(at)])).toBeLessThanOrEqual(2)
  })

  test('writes long values', () => {
    const connection = new Connection()
    for (const length of [126, 127, 128, 254, 255, 5000]) {
      const entry = fresh('x-long', 'x'.repeat(length))
      connection.sendEntries([entry])
      connection.sendEntries([entry])
    }
  })
})

describe('the size of the table', () => {
  test('that the peer sets is used from the next block on, and said there', () => {
    const connection = new Connection()
    connection.send(['content-type', 'a/b'])
    connection.encoder.setPeerTableBytes(0)
    connection.encoder.begin(connection.out)
    expect([...connection.out.take()]).toEqual([0x20])
    connection.encoder.begin(connection.out)
    expect([...connection.out.take()]).toEqual([])
  })

  test('says the smallest that it was, and the last', () => {
    const { encoder, out } = new Connection()
    for (const bytes of [100, 10, 30]) encoder.setPeerTableBytes(bytes)
    encoder.begin(out)
    expect([...out.take()]).toEqual([0x2a, 0x3e])
  })

  test('says the smallest also when it is back at what it was', () => {
    const { encoder, out } = new Connection()
    for (const bytes of [0, 4096]) encoder.setPeerTableBytes(bytes)
    encoder.begin(out)
    expect([...out.take()]).toEqual([0x20, 0x3f, 0xe1, 0x1f])
  })

  test('is never above our own limit', () => {
    const { encoder, out } = new Connection(4096)
    encoder.setPeerTableBytes(1_000_000)
    encoder.begin(out)
    expect([...out.take()]).toEqual([])
  })

  test('below 4096 is said in the first block', () => {
    const { encoder, out } = new Connection(10)
    encoder.begin(out)
    expect([...out.take()]).toEqual([0x2a])
  })

  test('above 4096 is used once the peer allows it', () => {
    const connection = new Connection(16_384)
    connection.send(['te', 'trailers'])
    connection.encoder.setPeerTableBytes(65_536)
    const entry = fresh('user-agent', 'x'.repeat(5000))
    connection.sendEntries([entry])
    expect(connection.sendEntries([entry])).toBe(INDEX)
    for (let at = 0; at < 300; at++) connection.send(['user-agent', String(at)])
    for (let at = 0; at < 300; at++) expect(connection.send(['user-agent', String(at)])).toBeLessThanOrEqual(3)
  })

  test('of 0 lets everything be written out', () => {
    const connection = new Connection()
    connection.encoder.setPeerTableBytes(0)
    for (let times = 0; times < 3; times++) expect(connection.send(['te', 'trailers'])).toBeGreaterThan(5)
  })
})

describe('encodeFields()', () => {
  const lines = [
    ['content-type', 'text/plain'],
    ['te', 'trailers'],
    ['connection', 'close'],
    ['x-a', 'b'],
  ] as const
  const written = lines.filter(([name]) => name !== 'connection').map(([name, value]) => ({ name, value }))
  const mayWrite = (name: string) => name !== 'connection'

  test.each([
    { name: 'of another codec', make: () => createFields(lines) },
    { name: 'of HTTP/2', make: () => new HeaderFields(lines.map(([name, value]) => entryOf(name, value))) },
    {
      name: 'behind pseudo-headers',
      make: () =>
        new HeaderFields(
          [[':status', '200'] as const, ...lines].map(([name, value]) => entryOf(name, value)),
          1,
        ),
    },
  ])('writes fields $name', ({ make }) => {
    const connection = new Connection()
    for (let times = 0; times < 2; times++) {
      connection.encoder.begin(connection.out)
      connection.encoder.encodeFields(make(), mayWrite, connection.out)
      connection.receive(written)
    }
  })

  test('asks for names that mean something, and for invalid lines, only', () => {
    const { encoder, out } = new Connection()
    const asked: string[] = []
    const ask = (name: string) => {
      asked.push(name)
      return false
    }
    const entries = [...lines.map(([name, value]) => entryOf(name, value)), fresh('x-bad', 'a\nb'), fresh('X-Bad', 'a')]
    encoder.encodeFields(new HeaderFields(entries), ask, out)
    expect(asked).toEqual(['te', 'connection', 'x-bad', 'X-Bad'])
  })
})

describe('entryOf()', () => {
  test('gives the same entry for the same field', () => {
    expect(entryOf('x-same', 'value')).toBe(entryOf('x-same', 'value'))
    expect(entryOf('x-same', 'value').header).toBe(entryOf('x-same', 'other').header)
  })

  test('does not keep secrets', () => {
    expect(entryOf('authorization', 'Bearer x')).not.toBe(entryOf('authorization', 'Bearer x'))
  })

  test('forgets, and says the same again', () => {
    for (let at = 0; at < 3000; at++) expect(entryOf(`x-${at % 700}`, String(at)).value).toBe(String(at))
    expect(entryOf('content-type', 'a').header).toBe(headerNameOf('content-type'))
    expect(entryOf('content-type', 'a').header.staticIndex).toBe(31)
  })

  test.each([
    { name: ':path', value: '/a\nb' },
    { name: ':path', value: '/\u0141' },
    { name: 'A', value: 'b' },
    { name: ':', value: 'b' },
    { name: '', value: 'b' },
    { name: 'a', value: ' b' },
  ])('refuses $name: $value', ({ name, value }) => {
    expect(() => entryOf(name, value)).toThrow(RangeError)
  })
})
