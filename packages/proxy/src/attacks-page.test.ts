import { existsSync, readFileSync } from 'node:fs'
import { HTTP_FAULTS } from '@heddle/http/errors'
import { expect, test } from 'vitest'
import { LIMITS } from './limits.ts'

const ROOT = new URL('../../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8')
const page = read('docs/security/http2-attacks.md')
const suites: Readonly<Record<string, string>> = {
  A: read('e2e/h2-attacks.e2e.ts'),
  W: read('e2e/h2-attacks-windows.e2e.ts'),
}
/** Lines of the tables of attacks, cell by cell. */
const rows = page
  .split('\n')
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))
  .filter((cells) => cells.length === 5 && cells[0] !== 'attack' && !cells[0]!.startsWith('---'))
  .map(([attack = '', , , counter = '', tests = '']) => ({ attack, counter, tests }))

test('the page of attacks has many', () => {
  expect(rows.length).toBeGreaterThan(20)
})

test.each(rows)('$attack: there are such counters, and such tests', ({ counter, tests }) => {
  const [kind = '', ...words] = counter.split(/[\s,`]+/).filter((word) => word !== '')
  expect(kind).toMatch(/^(faults?|limit)$/)
  for (const word of words) {
    if (word !== 'limit') expect(word in HTTP_FAULTS || word in LIMITS).toBe(true)
  }
  let suite = ''
  for (const title of tests.split('; ')) {
    const [, letter = suite, name = ''] = /^(?:([AW]): )?(.*)$/.exec(title) ?? []
    suite = letter
    expect(suites[suite]).toContain(`'${name}`)
  }
})

test('the metrics and files that the page names exist', () => {
  const metrics = read('docs/reference/metrics.md')
  for (const [name] of page.matchAll(/heddle_\w+/g)) expect(metrics).toContain(name)
  for (const [, file = ''] of page.matchAll(/`((?:e2e|packages)\/[^`]+\.ts)`/g)) {
    expect(existsSync(new URL(file, ROOT))).toBe(true)
  }
})
