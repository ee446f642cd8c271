import { processorMsOf } from '@heddle/testkit/processor-time'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { documents, policy } from './manifest-fixture.ts'
import { BACKEND, grpc, http, mistakesIn, TARGET, UNTIL } from './mistakes-fixture.ts'
import { parseManifests } from './parse-manifests.ts'

const FILTERS = `filters:
- {type: RequestMirror, requestMirror: {backendRef: {name: web-svc, port: 9090}, fraction: {numerator: 1}}}
- {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: a, value: b}], remove: [c]}}`

const GOOD = [
  http(`matches: [{path: {value: /a}, headers: [{name: a, value: b}], method: GET}]\n${BACKEND}`),
  http(
    `${FILTERS}\n- {type: CORS, cors: {allowOrigins: ['*']}}\n${BACKEND}\nretry: {codes: [503]}\nsessionPersistence: {}`,
  ),
  grpc(`matches: [{method: {service: a.b, method: C}}]\n${FILTERS}\n${BACKEND}`),
  policy('BackendPolicy', `${TARGET}\nbalancer: {type: Maglev, hashOn: [{header: a}]}\nretryBudget: {}`),
  policy('FaultPolicy', `${TARGET}\n${UNTIL}\nfaults: [{percent: 3, headers: [{name: a, value: b}], delay: 1s}]`),
  policy('TrafficPolicy', `${TARGET}\ntimeouts: {request: 1s}\ncircuitBreaker: {maxRequests: 3}`),
]

test('what is put into is right before', () => {
  for (const text of GOOD) expect(mistakesIn(text)).toEqual([])
})

test('any value in place of a part of a route or a policy gives sentences, never an exception', () => {
  const words = GOOD.flatMap((text) => text.split(/(?<=[\s:{}[\],])/).map((_, i, parts) => ({ parts, i })))
  fc.assert(
    fc.property(fc.constantFrom(...words), fc.jsonValue(), ({ parts, i }, value) => {
      const { problems } = parseManifests([
        { path: 'f', text: documents(parts.with(i, JSON.stringify(value)).join('')) },
      ])
      for (const { line, reason } of problems) {
        expect(line).toBeGreaterThanOrEqual(0)
        expect(reason).not.toMatch(/undefined|\[object|NaN/)
      }
    }),
    { numRuns: 300 },
  )
})

test.each([
  { what: 'header values', rule: `matches: [{headers: [{name: a, value: "${'a'.repeat(60_000)}é"}]}]` },
  { what: 'paths', rule: `matches: [{path: {value: "/${'a'.repeat(60_000)} "}}]` },
  { what: 'durations', rule: `timeouts: {request: "${'1h'.repeat(30_000)}"}` },
  { what: 'origins', rule: `filters: [{type: CORS, cors: {allowOrigins: ["https://${'a.'.repeat(30_000)}:"]}}]` },
  { what: 'names', rule: `name: "${'a.'.repeat(30_000)}"` },
  {
    what: 'regular expressions',
    rule: `matches: [{path: {type: RegularExpression, value: "${'('.repeat(60)}a${'){1,9}'.repeat(60)}"}}]`,
  },
])('$what that are made to take long are refused soon', ({ rule }) => {
  const tookMs = processorMsOf(() => expect(mistakesIn(http(`${rule}\n${BACKEND}`))).not.toEqual([]))
  expect(tookMs).toBeLessThan(2_000)
})
