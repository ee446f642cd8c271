import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ControlError } from './control-error.ts'
import { EnvelopeReader, writeEnvelope } from './envelope.ts'

function reader(maxBytes = 1000) {
  const messages: string[] = []
  const ends: string[] = []
  const envelopes = new EnvelopeReader(
    {
      onMessage: (payload) => messages.push(Buffer.from(payload).toString()),
      onEndOfStream: (payload) => ends.push(Buffer.from(payload).toString()),
    },
    maxBytes,
  )
  return { envelopes, messages, ends }
}

describe('EnvelopeReader', () => {
  test('finds messages however their octets are split', () => {
    const parts = fc.array(fc.string({ maxLength: 50 }), { maxLength: 8 })
    fc.assert(
      fc.property(parts, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (texts, sizes) => {
        const { envelopes, messages } = reader()
        const octets = Buffer.concat(texts.map((text) => writeEnvelope(Buffer.from(text))))
        for (let at = 0, turn = 0; at < octets.length; turn++) {
          const size = sizes[turn % sizes.length]!
          envelopes.receive(octets.subarray(at, at + size))
          at += size
        }
        expect(messages).toEqual(texts.map((text) => Buffer.from(text).toString()))
      }),
    )
  })

  test('tells the end of the stream from messages', () => {
    const { envelopes, messages, ends } = reader()
    const end = writeEnvelope(Buffer.from('{}'))
    end[0] = 2
    envelopes.receive(Buffer.concat([writeEnvelope(Buffer.from('a')), end]))
    expect({ messages, ends }).toEqual({ messages: ['a'], ends: ['{}'] })
  })

  test.each([
    { name: 'a compressed message', octets: [1, 0, 0, 0, 1, 0] },
    { name: 'a message above the limit, before it came', octets: [0, 0, 0, 4, 0] },
    { name: 'a length of 4 GB', octets: [0, 255, 255, 255, 255] },
  ])('refuses $name', ({ octets }) => {
    const read = () => reader().envelopes.receive(Uint8Array.from(octets))
    expect(read).toThrow(ControlError)
    expect(read).toThrow(expect.objectContaining({ code: 'malformed' }))
  })
})
