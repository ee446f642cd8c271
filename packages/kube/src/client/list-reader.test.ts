import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ListReader } from './list-reader.ts'

function readAll(chunks: readonly Uint8Array[], maxBytes = 1e6) {
  const reader = new ListReader(maxBytes)
  const items: string[] = []
  for (const chunk of chunks) {
    const read = reader.push(chunk)
    if (read.kind === 'too_long') return 'too_long'
    items.push(...read.items)
  }
  return { items: items.map((text) => JSON.parse(text)), around: JSON.parse(reader.takeAround()) }
}

function cut(bytes: Uint8Array, points: readonly number[]): readonly Uint8Array[] {
  const at = [0, ...points.map((point) => point % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
}

/** Any JSON inside of an object. */
const fields = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue())

describe('ListReader', () => {
  test('takes any list apart wherever it is cut, however it is spaced', () => {
    const list = fc.record({
      before: fields,
      items: fc.array(fields, { maxLength: 6 }),
      after: fields,
      indent: fc.nat(2),
    })
    fc.assert(
      fc.property(list, fc.array(fc.nat(), { maxLength: 12 }), ({ before, items, after, indent }, points) => {
        const text = JSON.stringify(
          { metadata: { ...before, items: [1] }, items, kind: 'List', status: after },
          null,
          indent,
        )
        expect(readAll(cut(Buffer.from(text), points))).toEqual({
          items: JSON.parse(JSON.stringify(items)),
          around: JSON.parse(
            JSON.stringify({ metadata: { ...before, items: [1] }, items: [], kind: 'List', status: after }),
          ),
        })
      }),
    )
  })

  test.each([
    { name: 'no items', text: '{"metadata":{},"items":null}', around: { metadata: {}, items: null } },
    { name: 'another array first', text: '{"names":["a"],"items":[{"a":1}]}', around: { names: ['a'], items: [] } },
    { name: 'brackets in strings', text: '{"items":[{"a":"]}\\\\\\"["}],"x":"[{"}', around: { items: [], x: '[{' } },
  ])('reads a list with $name', ({ text, around }) => {
    for (let point = 0; point <= text.length; point++) {
      expect(readAll(cut(Buffer.from(text), [point]))).toMatchObject({ around })
    }
  })

  test('never holds more than it may, and never throws', () => {
    const item = JSON.stringify({ items: [{ a: 'x'.repeat(200) }] })
    const around = JSON.stringify({ a: 'x'.repeat(200), items: [] })
    for (const text of [item, around]) {
      const bytes = [...Buffer.from(text)].map((byte) => Uint8Array.of(byte))
      expect(readAll(bytes, 100)).toBe('too_long')
    }
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => {
        const reader = new ListReader(100)
        for (const chunk of chunks) reader.push(chunk)
      }),
    )
  })
})
