import { expect, test } from 'vitest'
import { readCounts } from '../test-reports.ts'
import { readAutobahnIndex } from './autobahn-report.ts'
import { readH2specReport } from './h2spec-report.ts'
import { listInteropCases } from './interop-cases.ts'
import { toJunit } from './outcome.ts'

const HELP = `Usage of interop-client:
  -test_case string
    	Configure different test cases. Valid options are:
    	        empty_unary : empty (zero bytes) request and response;
    	        timeout_on_sleeping_server: fullduplex streaming on a sleeping server;
    	        jwt_token_creds: large_unary with jwt token auth;
    	        oauth2_auth_token: large_unary with oauth2 token auth;
    	        google_default_credentials: large_unary with google default credentials
    	        pick_first_unary: all requests are sent to one server;
    	        orca_oob: out-of-band metrics are provided. (default "large_unary")
  -use_tls
    	Connection uses TLS if true
`

test('listInteropCases() takes all cases of the help but those that need credentials, and what the help forgets', () => {
  const cases = listInteropCases(HELP)
  const expected = ['empty_unary', 'timeout_on_sleeping_server', 'orca_oob', 'rpc_soak', 'channel_soak']
  expect(cases.map(({ name }) => name)).toEqual(expected)
  expect(cases[2]?.args[0]).toMatch(/^--service_config_json=\{/)
  expect(listInteropCases('').map(({ name }) => name)).toEqual(['rpc_soak', 'channel_soak'])
})

const H2SPEC = `<testsuites><testsuite name="6.7. PING" package="http2/6.7">
<testcase package="http2/6.7" classname="Sends a PING frame" time="0.0010"></testcase>
<testcase package="http2/6.7" classname="Sends &#34;it&#34; twice" time="2.0000">
  <error>GOAWAY Frame (Error Code: PROTOCOL_ERROR)
Connection closed
Timeout</error>
</testcase>
<testcase package="http2/5.1.2" classname="Opens too many" time="0.0008"><skipped></skipped></testcase>
</testsuite></testsuites>`

test('readH2specReport() tells what was expected and what came, and takes a skipped case for failed', () => {
  expect(readH2specReport(H2SPEC, 'inbound')).toEqual([
    { name: 'inbound: http2/6.7 Sends a PING frame', passed: true, detail: '', tookMs: 1 },
    {
      name: 'inbound: http2/6.7 Sends "it" twice',
      passed: false,
      detail: 'expected: GOAWAY Frame (Error Code: PROTOCOL_ERROR), or Connection closed\n     got: Timeout',
      tookMs: 2000,
    },
    { name: 'inbound: http2/5.1.2 Opens too many', passed: false, detail: 'skipped', tookMs: 0.8 },
  ])
})

const AUTOBAHN = {
  heddle: {
    '1.1.1': { behavior: 'OK', behaviorClose: 'OK', duration: 4, remoteCloseCode: 1000, reportfile: 'a.json' },
    '6.4.1': { behavior: 'NON-STRICT', behaviorClose: 'OK', duration: 2, remoteCloseCode: null, reportfile: 'b.json' },
    '7.13.1': { behavior: 'INFORMATIONAL', behaviorClose: 'INFORMATIONAL', duration: 1, remoteCloseCode: null },
    '9.2.5': { behavior: 'OK', behaviorClose: 'UNCLEAN', duration: 2500, remoteCloseCode: null, reportfile: 'd.json' },
    '5.1': { behavior: 'FAILED', behaviorClose: 'OK', duration: 3, remoteCloseCode: 1002, reportfile: 'e.json' },
    '5.2': { behavior: 'UNIMPLEMENTED', behaviorClose: 'OK', duration: 3, remoteCloseCode: 1000, reportfile: 'e.json' },
  },
}
const DETAILS: Readonly<Record<string, object>> = {
  'd.json': { result: 'Received it.', resultClose: 'It has to be clean', wasNotCleanReason: 'no close frame in time' },
  'e.json': { result: 'Nothing came.', resultClose: 'Closed properly', wasNotCleanReason: null },
}

test('readAutobahnIndex() takes a case for passed when both the case and its end are right, else tells what the suite knows', () => {
  const outcomes = readAutobahnIndex(JSON.stringify(AUTOBAHN), 'server', (name) => JSON.stringify(DETAILS[name]))
  expect(outcomes.map(({ name, passed }) => [name, passed])).toEqual([
    ['server: case 1.1.1', true],
    ['server: case 6.4.1', true],
    ['server: case 7.13.1', true],
    ['server: case 9.2.5', false],
    ['server: case 5.1', false],
    ['server: case 5.2', false],
  ])
  expect(outcomes[0]).toEqual({ name: 'server: case 1.1.1', passed: true, detail: '', tookMs: 4 })
  expect(outcomes[3]!.detail).toBe(
    'OK: Received it.\nat its end UNCLEAN: It has to be clean (no close frame in time), close code null',
  )
  expect(outcomes[4]!.detail).toBe('FAILED: Nothing came.\nat its end OK: Closed properly, close code 1002')
})

test('readAutobahnIndex() finds no case in a report on nobody', () => {
  expect(readAutobahnIndex('{}', 'server', () => '')).toEqual([])
})

test('toJunit() writes what is counted, whatever the names are', () => {
  const passed = { name: 'a <b> "c" & \u0001', passed: true, detail: '', tookMs: 1 }
  const failed = { name: 'd', passed: false, detail: '</failure>', tookMs: 1 }
  expect(readCounts(toJunit('suite', [passed, failed]))).toEqual({ passed: 1, failed: 1, skipped: 0 })
})
