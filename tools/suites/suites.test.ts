import { expect, test } from 'vitest'
import { readCounts } from '../test-reports.ts'
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

test('toJunit() writes what is counted, whatever the names are', () => {
  const passed = { name: 'a <b> "c" & \u0001', passed: true, detail: '', tookMs: 1 }
  const failed = { name: 'd', passed: false, detail: '</failure>', tookMs: 1 }
  expect(readCounts(toJunit('suite', [passed, failed]))).toEqual({ passed: 1, failed: 1, skipped: 0 })
})
