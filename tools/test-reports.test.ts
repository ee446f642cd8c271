import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bunReport, countTests, readCounts, vitestReport } from './test-reports.ts'

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="5" failures="2"><testsuite name="a > b" tests="5">
  <testcase name="passes" time="0.1"/>
  <testcase name="shows &lt;failure&gt; and a > in its name"></testcase>
  <testcase name="fails"><failure message="no">trace</failure></testcase>
  <testcase name="breaks"><error/></testcase>
  <testcase name="waits"><skipped/></testcase>
</testsuite></testsuites>`

test('readCounts() counts test cases by how they ended', () => {
  expect(readCounts(REPORT)).toEqual({ passed: 2, failed: 2, skipped: 1 })
  expect(readCounts('')).toEqual({ passed: 0, failed: 0, skipped: 0 })
})

test('countTests() adds up the reports of a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-reports-'))
  writeFileSync(join(folder, 'node.xml'), REPORT)
  writeFileSync(join(folder, 'bun.xml'), REPORT)
  writeFileSync(join(folder, 'other.txt'), REPORT)
  expect(countTests(folder)).toEqual({ passed: 4, failed: 4, skipped: 2 })
  rmSync(folder, { recursive: true })
})

test('reports are written only when somebody counts', () => {
  expect([...vitestReport({}, 'node'), ...bunReport({ HEDDLE_TEST_REPORTS: '' }, 'bun')]).toEqual([])
  expect(bunReport({ HEDDLE_TEST_REPORTS: '/r' }, 'bun')).toEqual(['--reporter=junit', '--reporter-outfile=/r/bun.xml'])
  expect(vitestReport({ HEDDLE_TEST_REPORTS: '/r' }, 'node')).toContain('--outputFile.junit=/r/node.xml')
})
