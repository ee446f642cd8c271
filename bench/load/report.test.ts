import { expect, test } from 'vitest'
import { parseReport } from './report.ts'

const OUTPUT = `Running 2s test @ http://127.0.0.1:1/1k
  Thread Stats   Avg      Stdev     Max   +/- Stdev
{"requests":40000,"duration_us":2000400,"bytes":4,"p50_us":380,"p99_us":900,"p999_us":2100,"errors":{"connect":1,"read":2,"write":0,"status":3,"timeout":4}}
`

test('parseReport() finds the report among the rest, and adds the errors up', () => {
  expect(parseReport(OUTPUT)).toEqual({
    requests: 40_000,
    durationUs: 2_000_400,
    p50Us: 380,
    p99Us: 900,
    p999Us: 2100,
    errors: 10,
  })
})

test('parseReport() refuses an output without a report', () => {
  expect(() => parseReport('unable to connect\n')).toThrow('unable to connect')
})
