import { expect, test } from 'vitest'
import { styleFor } from './style.ts'
import { type Column, formatTable } from './table.ts'

interface Row {
  readonly name: string
  readonly rps: string
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', cell: (row) => row.name },
  { title: 'RPS', cell: (row) => row.rps, align: 'right' },
  { title: 'NODE', cell: () => 'here', isWide: true },
]
const ROWS = [
  { name: 'web', rps: '10.0' },
  { name: 'voting-svc', rps: '' },
]

test('formatTable() aligns columns, shows a dash for nothing and ends lines without spaces', () => {
  expect(formatTable(COLUMNS, ROWS)).toBe('NAME          RPS\nweb          10.0\nvoting-svc      -\n')
})

test('formatTable() shows wide columns only when asked', () => {
  expect(formatTable(COLUMNS, ROWS, { isWide: true })).toContain('NODE')
})

test('formatTable() leaves headings out when asked', () => {
  expect(formatTable(COLUMNS, ROWS, { hasNoHeaders: true })).toBe('web          10.0\nvoting-svc      -\n')
})

test('formatTable() aligns coloured cells by what is seen', () => {
  const { red } = styleFor(true, {})
  const columns: readonly Column<Row>[] = [
    { title: 'NAME', cell: (row) => (row.name === 'web' ? red(row.name) : row.name) },
    { title: 'X', cell: () => 'x' },
  ]
  const lines = formatTable(columns, ROWS).split('\n')
  expect(lines[1]).toBe(`${red('web')}          x`)
  expect(lines[2]).toBe('voting-svc   x')
})
