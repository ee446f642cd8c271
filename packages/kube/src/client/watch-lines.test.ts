import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineReader } from './line-reader.ts'
import { parseWatchLine } from './watch-event.ts'

const MOST_BYTES = 200

/** What a reader makes of bytes that come in these chunks. */
function readAll(chunks: readonly Uint8Array[], maxBytes = MOST_BYTES): readonly string[] | 'too_long' {
  const reader = new LineReader(maxBytes)
  const lines: string[] = []
  for (const chunk of chunks) {
    const read = reader.push(chunk)
    if (read.kind === 'too_long') return 'too_long'
    lines.push(...read.lines)
  }
  return lines
}

function cut(bytes: Uint8Array, points: readonly number[]): readonly Uint8Array[] {
  const at = [0, ...points.map((point) => point % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
}

const event = fc.record({
  type: fc.constantFrom('ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'),
  object: fc.record({
    metadata: fc.record({ name: fc.string({ unit: 'grapheme' }), resourceVersion: fc.nat().map(String) }),
  }),
})

describe('the stream of a watch', () => {
  test('is read the same wherever it is cut', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (events, points) => {
        const bytes = Buffer.from(events.map((each) => `${JSON.stringify(each)}\n`).join(''))
        const lines = readAll(cut(bytes, points), 1e6)
        expect(lines).not.toBe('too_long')
        const parsed = (lines as readonly string[]).map(parseWatchLine)
        expect(parsed).toEqual(events.map((each) => ({ kind: 'event', event: each })))
      }),
    )
  })

  test('never makes the reader throw nor hold more than one line', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 90 }), { maxLength: 20 }), (chunks) => {
        const lines = readAll(chunks)
        const longest = Math.max(0, ...split(Buffer.concat(chunks)).map((line) => line.length))
        expect(lines === 'too_long').toBe(longest > MOST_BYTES)
        for (const line of lines === 'too_long' ? [] : lines) {
          expect(['event', 'error', 'garbage']).toContain(parseWatchLine(line).kind)
        }
      }),
    )
  })

  test('may have any JSON in a line', () => {
    fc.assert(fc.property(fc.json(), (line) => void parseWatchLine(line)))
  })

  test.each([
    { name: 'nothing', line: '{}' },
    { name: 'a list', line: '[]' },
    { name: 'null', line: 'null' },
    { name: 'half a line', line: '{"type":"ADDED","obj' },
    { name: 'an unknown type', line: '{"type":"CHANGED","object":{"metadata":{"name":"a","resourceVersion":"1"}}}' },
    { name: 'an object without a name', line: '{"type":"ADDED","object":{"metadata":{"resourceVersion":"1"}}}' },
    { name: 'an object without a version', line: '{"type":"ADDED","object":{"metadata":{"name":"a"}}}' },
    { name: 'a bookmark without a version', line: '{"type":"BOOKMARK","object":{"metadata":{}}}' },
  ])('with $name is garbage', ({ line }) => {
    expect(parseWatchLine(line)).toMatchObject({ kind: 'garbage', message: expect.stringContaining('not an event') })
  })

  test('ends with what the API server says', () => {
    const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }
    const parsed = parseWatchLine(JSON.stringify({ type: 'ERROR', object }))
    expect(parsed).toEqual({
      kind: 'error',
      status: { status: 410, reason: 'Expired', message: 'too old', details: {} },
    })
  })
})

function split(bytes: Buffer): readonly Buffer[] {
  const end = bytes.indexOf(0x0a)
  return end < 0 ? [bytes] : [bytes.subarray(0, end), ...split(bytes.subarray(end + 1))]
}
