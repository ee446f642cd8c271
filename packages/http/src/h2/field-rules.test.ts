import { describe, expect, test } from 'vitest'
import { joinCookies } from './field-rules.ts'
import { entryOf } from './hpack/entry-cache.ts'
import { HeaderEntry } from './hpack/header-entry.ts'
import { headerNameOf } from './hpack/header-name-of.ts'

function cookie(value: string, isNeverIndexed = false): HeaderEntry {
  return new HeaderEntry(headerNameOf('cookie'), value, isNeverIndexed)
}

describe('joinCookies()', () => {
  test.each([
    { crumbs: ['a=b', 'c=d'], joined: 'a=b; c=d' },
    { crumbs: ['a=b', ''], joined: 'a=b' },
    { crumbs: ['', 'a=b', '', '', 'c=d', ''], joined: 'a=b; c=d' },
    { crumbs: ['', ''], joined: '' },
  ])('makes of $crumbs a value that a field may have', ({ crumbs, joined }) => {
    const entries = [
      entryOf(':path', '/'),
      entryOf('a', '1'),
      ...crumbs.map((value) => cookie(value)),
      entryOf('b', '2'),
    ]
    joinCookies(entries, 1)
    expect(entries.map(({ name, value }) => `${name}: ${value}`)).toEqual([
      ':path: /',
      'a: 1',
      `cookie: ${joined}`,
      'b: 2',
    ])
    expect(entries[2]!.isValueValid).toBe(true)
  })

  test('keeps the whole out of tables where its client wanted that of a part', () => {
    const entries = [cookie('theme=light-and-spacious'), cookie('id=7', true)]
    joinCookies(entries, 0)
    expect(entries).toMatchObject([{ value: 'theme=light-and-spacious; id=7', indexing: 'never' }])
  })
})
