import fc from 'fast-check'
import { expect, test } from 'vitest'
import { entryOf } from './entry-cache.ts'
import { LineCache } from './line-cache.ts'

function lineOf(text: string) {
  return { bytes: Buffer.from(`GET / HTTP/1.1\r\n${text}\r\n\r\n`), start: 16, end: 16 + text.length }
}

test('finds the entry of the same octets, wherever they are in a head', () => {
  const cache = new LineCache()
  const entry = entryOf('accept', 'text/html')
  cache.keep(lineOf('Accept: text/html'), entry)
  const elsewhere = Buffer.from('Host: a\r\nAccept: text/html\r\n')
  expect(cache.find({ bytes: elsewhere, start: 9, end: elsewhere.length - 2 })).toBe(entry)
  expect(cache.find(lineOf('accept: text/html'))).toBeUndefined()
})

test('keeps no secret, and no line that is long', () => {
  const cache = new LineCache()
  cache.keep(lineOf('Authorization: Bearer x'), entryOf('authorization', 'Bearer x'))
  expect(cache.find(lineOf('Authorization: Bearer x'))).toBeUndefined()
  const long = 'x'.repeat(200)
  cache.keep(lineOf(`X-Long: ${long}`), entryOf('x-long', long))
  expect(cache.find(lineOf(`X-Long: ${long}`))).toBeUndefined()
})

test('never takes one line for another', () => {
  const name = fc.constantFrom('a', 'b', 'accept', 'x-id')
  const value = fc.string({ unit: fc.constantFrom('a', 'b', '0', '1'), maxLength: 24 })
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 600 }), (fields) => {
      const cache = new LineCache()
      for (const [fieldName, fieldValue] of fields) {
        const line = lineOf(`${fieldName}: ${fieldValue}`)
        const found = cache.find(line)
        if (found !== undefined) expect([found.name, found.value]).toEqual([fieldName, fieldValue])
        else cache.keep(line, entryOf(fieldName, fieldValue))
      }
    }),
  )
})
