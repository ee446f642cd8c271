import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Output } from './output.ts'

/** A transport that keeps what is written, and says each time whether it has done with the octets. */
function open(takes: () => boolean = () => true) {
  const written: string[] = []
  const output = new Output({
    write: (bytes, length) => {
      const isTaken = takes()
      // Octets that were not taken are looked at later, when nobody may have written over them.
      const at = written.push('') - 1
      const look = () => {
        written[at] = Buffer.copyBytesFrom(bytes, 0, length).toString('latin1')
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
  return { output, written, flush }
}

test('what fits leaves in one write', () => {
  const { output, written, flush } = open()
  const texts = ['head\r\n', 'x'.repeat(4090), 'y'.repeat(5000), 'z'.repeat(20_000)]
  for (const text of texts) output.writeText(text)
  flush()
  expect(written).toEqual([texts.join('')])
})

test('octets that are not there are not replaced by those of others', () => {
  const { output, written, flush } = open()
  expect(() => output.writeBytes(Buffer.from('ab'), 1, 3)).toThrow(RangeError)
  flush()
  expect(written).toEqual([])
})

test('many outputs that write in turn never get into each other', () => {
  const piece = fc.record({
    who: fc.nat(19),
    length: fc.oneof(fc.nat(40), fc.integer({ min: 3000, max: 5000 }), fc.integer({ min: 60_000, max: 70_000 })),
    isText: fc.boolean(),
    isFlushed: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), fc.array(fc.boolean(), { minLength: 1 }), (pieces, answers) => {
      let asked = 0
      const all = Array.from({ length: 20 }, () => open(() => answers[asked++ % answers.length]!))
      const expected = all.map(() => '')
      pieces.forEach(({ who, length, isText, isFlushed }, at) => {
        const text = String.fromCharCode(0x41 + (at % 26)).repeat(length)
        expected[who] += text
        const { output, flush } = all[who]!
        if (isText) output.writeText(text)
        else output.writeBytes(Buffer.from(`<${text}>>`, 'latin1'), 1, 1 + length)
        if (isFlushed) flush()
      })
      for (const { flush } of all) flush()
      expect(all.map(({ written }) => written.join(''))).toEqual(expected)
    }),
    { numRuns: 60 },
  )
})
