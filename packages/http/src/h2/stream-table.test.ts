import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { H2Stream } from './stream.ts'
import { StreamTable } from './stream-table.ts'

/** The table looks at nothing but the id. */
function streamOf(id: number): H2Stream {
  return { id } as H2Stream
}

test('holds what a Map would hold, whatever comes and goes', () => {
  // How many ids are passed over before a stream begins, and which of the open ones end then.
  const step = fc.record({ skipped: fc.oneof(fc.constant(0), fc.nat(40)), ended: fc.array(fc.nat(), { maxLength: 3 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const table = new StreamTable()
      const expected = new Map<number, H2Stream>()
      let id = 1
      for (const { skipped, ended } of steps) {
        id += 2 * (skipped + 1)
        const stream = streamOf(id)
        table.add(stream)
        expected.set(id, stream)
        for (const which of ended) {
          const gone = [...expected.keys()][which % Math.max(1, expected.size)]
          if (gone === undefined) continue
          expect(table.delete(gone)).toBe(expected.delete(gone))
          expect(table.delete(gone)).toBe(false)
          expect(table.get(gone)).toBeUndefined()
        }
        expect(table.size).toBe(expected.size)
      }
      expect(table.list()).toEqual([...expected.values()])
      for (const [known, stream] of expected) expect(table.get(known)).toBe(stream)
    }),
  )
})

test('an old stream is found after thousands of later ones, and so are a thousand at once', () => {
  const table = new StreamTable()
  table.add(streamOf(1))
  for (let id = 3; id < 20_000; id += 2) {
    table.add(streamOf(id))
    if (id % 64 !== 1) table.delete(id)
  }
  expect(table.get(1)?.id).toBe(1)
  expect(table.list().map(({ id }) => id)).toEqual([1, ...Array.from({ length: 312 }, (_, at) => 65 + 64 * at)])
})
