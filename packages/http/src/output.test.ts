import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Output } from './output.ts'
import { forgetRoom, offerRoom, takeRoom } from './spare-room.ts'

/** A transport that keeps what is written, and says each time whether it has done with the octets. */
function open(takes: () => boolean = () => true) {
  const written: string[] = []
  /** What each write was given. */
  const from: Uint8Array[] = []
  const output = new Output({
    write: (bytes, start, end) => {
      from.push(bytes)
      const isTaken = takes()
      // Octets that were not taken are looked at later, when nobody may have written over them.
      const at = written.push('') - 1
      const look = () => {
        written[at] = Buffer.copyBytesFrom(bytes, start, end - start).toString('latin1')
      }
      if (isTaken) look()
      else late.push(look)
      return isTaken
    },
    wantsFlush: () => undefined,
    pauseReading: () => undefined,
    resumeReading: () => undefined,
    end: () => undefined,
    abort: () => undefined,
  })
  const late: (() => void)[] = []
  const flush = () => {
    output.beginFlush()
    output.endFlush()
    for (const look of late.splice(0)) look()
  }
  return { output, written, from, flush }
}

test('what fits leaves in one write', () => {
  const { output, written, flush } = open()
  const texts = ['head\r\n', 'x'.repeat(4090), 'y'.repeat(5000), 'z'.repeat(20_000)]
  for (const text of texts) output.writeText(text)
  flush()
  expect(written).toEqual([texts.join('')])
})

test('what follows on each other where it came is written from there', () => {
  const { output, written, from, flush } = open()
  const received = Buffer.from('<head><body>')
  output.writeBytes(received, 0, 6)
  output.writeBytes(received, 6, 12)
  flush()
  expect(written).toEqual(['<head><body>'])
  expect(from[0]).toBe(received)
})

test.each([
  { what: 'a text', write: (output: Output) => output.writeText('more') },
  { what: 'other octets', write: (output: Output) => output.writeBytes(Buffer.from('more'), 0, 4) },
])('$what after a range that came leaves together with it', ({ write }) => {
  const { output, written, from, flush } = open()
  const received = Buffer.from('<head><body>')
  output.writeBytes(received, 0, 6)
  write(output)
  output.writeBytes(received, 6, 12)
  flush()
  expect(written).toEqual(['<head>more<body>'])
  expect(from[0]).not.toBe(received)
})

test('a large body is written at once, with the head before it, so that its reader can be told to wait', () => {
  const { output, written } = open(() => false)
  const received = Buffer.alloc(50_000)
  output.writeBytes(received, 0, 100)
  expect(output.isBlocked).toBe(false)
  output.writeBytes(received, 100, 50_000)
  expect(output.isBlocked).toBe(true)
  expect(written).toHaveLength(1)
})

test('octets that are not there are not replaced by those of others', () => {
  const { output, written, flush } = open()
  const two = Buffer.from('ab')
  expect(() => output.writeBytes(two, 1, 3)).toThrow(RangeError)
  expect(() => output.writeBytes(two, -1, 1)).toThrow(RangeError)
  expect(() => output.writeBytes(two, 2, 1)).toThrow(RangeError)
  flush()
  expect(written).toEqual([])
})

test('many outputs that write in turn never get into each other', () => {
  const piece = fc.record({
    who: fc.nat(19),
    length: fc.oneof(fc.nat(40), fc.integer({ min: 3000, max: 5000 }), fc.integer({ min: 60_000, max: 70_000 })),
    /** A text, octets of their own, or those that follow on the last in one buffer for all outputs. */
    kind: fc.constantFrom('text', 'octets', 'next'),
    isFlushed: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), fc.array(fc.boolean(), { minLength: 1 }), (pieces, answers) => {
      let asked = 0
      const all = Array.from({ length: 20 }, () => open(() => answers[asked++ % answers.length]!))
      const expected = all.map(() => '')
      const shared = Buffer.from(Array.from({ length: 70_000 }, (_, at) => 0x61 + (at % 26)))
      let from = 0
      pieces.forEach(({ who, length, kind, isFlushed }, at) => {
        if (from + length > shared.length) from = 0
        const isNext = kind === 'next'
        const text = isNext
          ? shared.toString('latin1', from, from + length)
          : String.fromCharCode(0x41 + (at % 26)).repeat(length)
        expected[who] += text
        const { output, flush } = all[who]!
        if (isNext) output.writeBytes(shared, from, from + length)
        else if (kind === 'text') output.writeText(text)
        else output.writeBytes(Buffer.from(`<${text}>>`, 'latin1'), 1, 1 + length)
        if (isNext) from += length
        if (isFlushed) flush()
      })
      for (const { flush } of all) flush()
      expect(all.map(({ written }) => written.join(''))).toEqual(expected)
    }),
    { numRuns: 60 },
  )
})

describe('what was gathered before octets that are too many to be copied', () => {
  const BODY = 'b'.repeat(40_000)
  const chunkOf = (head: string) => Buffer.from(head + BODY)

  test.each([
    { what: 'a text', gather: (output: Output) => output.writeText('<HEAD>') },
    { what: 'a range that came', gather: (output: Output) => output.writeBytes(Buffer.from('(<HEAD>)'), 1, 7) },
  ])('leaves with them where there is room before them: $what', ({ gather }) => {
    const { output, written, from, flush } = open()
    const chunk = chunkOf('last <old head>')
    offerRoom(chunk, 5, 15)
    gather(output)
    output.writeBytes(chunk, 15, chunk.length)
    output.writeText('next')
    flush()
    expect(written).toEqual([`<HEAD>${BODY}`, 'next'])
    expect(from[0]).toBe(chunk)
    expect(chunk.toString('latin1')).toBe(`last <old<HEAD>${BODY}`)
  })

  test.each([
    { why: 'too much for the room', offer: (chunk: Buffer) => offerRoom(chunk, 5, 10) },
    { why: 'the room is elsewhere', offer: (chunk: Buffer) => offerRoom(chunk, 0, 9) },
    { why: 'the room is in another chunk', offer: () => offerRoom(chunkOf('last head'), 0, 10) },
    {
      why: 'the room was taken',
      offer: (chunk: Buffer) => {
        offerRoom(chunk, 0, 10)
        takeRoom(chunk, 10, 1)
      },
    },
    {
      why: 'the chunk was left',
      offer: (chunk: Buffer) => {
        offerRoom(chunk, 0, 10)
        forgetRoom()
      },
    },
  ])('goes before them where there is none: $why', ({ offer }) => {
    const { output, written, flush } = open()
    const chunk = chunkOf('last head!')
    offer(chunk)
    output.writeText('<HEAD>')
    output.writeBytes(chunk, 10, chunk.length)
    flush()
    expect(written).toEqual(['<HEAD>', BODY])
    expect(chunk.toString('latin1')).toBe(`last head!${BODY}`)
  })
})
