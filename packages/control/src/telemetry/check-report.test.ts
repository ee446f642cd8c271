import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { ReportRequestSchema, type SeriesSchema } from '@heddle/api/telemetry'
import { BUCKET_COUNT } from '@heddle/telemetry/latency-histogram'
import { expect, test } from 'vitest'
import { problemOfReport } from './check-report.ts'

const report = (fields: MessageInitShape<typeof ReportRequestSchema>) =>
  create(ReportRequestSchema, { namespace: 'shop', instance: 'web-0', epoch: 'e', ...fields })
const ofSeries = (series: MessageInitShape<typeof SeriesSchema>) => report({ series: [{ service: 'good' }, series] })
const TEXT_RULE = 'texts have at most 640 characters, all of them printable'

test.each([
  { name: 'nothing', request: report({}) },
  { name: 'the longest text', request: ofSeries({ peerIdentity: 'x'.repeat(640) }) },
  { name: 'a name that is not ASCII', request: ofSeries({ service: 'καλάθι' }) },
  { name: 'a certificate', request: report({ certificate: { notBeforeMs: 1n, notAfterMs: 1_800_000_000_000n } }) },
  { name: 'the last bucket', request: ofSeries({ latency: [{ index: BUCKET_COUNT - 1, count: 1n }] }) },
])('a report of $name is good', ({ request }) => {
  expect(problemOfReport(request)).toBeUndefined()
})

test.each([
  { name: 'no epoch', request: report({ epoch: '' }), problem: 'epoch: must be set' },
  { name: 'a long epoch', request: report({ epoch: 'x'.repeat(641) }), problem: `epoch: ${TEXT_RULE}` },
  {
    name: 'too many series',
    request: report({ series: Array.from({ length: 4097 }, () => ({})) }),
    problem: 'series: at most 4096 in one report',
  },
  {
    name: 'a long serial',
    request: report({ certificate: { serial: 'x'.repeat(641) } }),
    problem: `certificate: ${TEXT_RULE}`,
  },
  {
    name: 'a certificate that ends after all dates',
    request: report({ certificate: { notAfterMs: 9_000_000_000_000_000n } }),
    problem: 'certificate: times are from 1970 to the year 9999',
  },
  {
    name: 'a certificate from before all dates',
    request: report({ certificate: { notBeforeMs: -9_000_000_000_000_000n } }),
    problem: 'certificate: times are from 1970 to the year 9999',
  },
  { name: 'a long label', request: ofSeries({ service: 'x'.repeat(641) }), problem: `series[1]: ${TEXT_RULE}` },
  {
    name: 'long labels together',
    request: ofSeries({
      service: 'x'.repeat(640),
      peerWorkload: 'x'.repeat(640),
      peerIdentity: 'x'.repeat(640),
      port: 1,
    }),
    problem: 'series[1]: texts together have at most 1,600 characters',
  },
  { name: 'an escape sequence', request: ofSeries({ peerWorkload: '\u001b[2J' }), problem: `series[1]: ${TEXT_RULE}` },
  {
    name: 'a turned direction of writing',
    request: ofSeries({ service: 'a\u202eb' }),
    problem: `series[1]: ${TEXT_RULE}`,
  },
  {
    name: 'a bucket beyond the last',
    request: ofSeries({ latency: [{ index: BUCKET_COUNT, count: 1n }] }),
    problem: `series[1]: latency: buckets end at ${BUCKET_COUNT - 1}`,
  },
  {
    name: 'more buckets than there are',
    request: ofSeries({ latency: Array.from({ length: BUCKET_COUNT + 1 }, () => ({ index: 0, count: 1n })) }),
    problem: `series[1]: latency: at most ${BUCKET_COUNT} buckets`,
  },
])('a report with $name is refused', ({ request, problem }) => {
  expect(problemOfReport(request)).toBe(problem)
})
