import { freePort, TwoHops } from '../../e2e/harness/hops.ts'
import { run, start } from '../../e2e/harness/process.ts'
import { until } from '../../e2e/harness/until.ts'
import { fetchProgram } from './fetch-program.ts'
import { type InteropCase, listInteropCases } from './interop-cases.ts'
import { type CaseOutcome, reportSuite } from './outcome.ts'
import { readDirect } from './read-direct.ts'

/**
 * `make grpc-interop`: grpc-go's interop client and server through two proxies with mutual TLS between them. `ARGS=--direct` lets them
 * talk without proxies, to tell whose a failure is.
 */
const CASE_DEADLINE_MS = 120_000

async function testCase(client: string, { name, args }: InteropCase, port: number): Promise<CaseOutcome> {
  const command = [client, '--server_host=127.0.0.1', `--server_port=${port}`, `--test_case=${name}`]
  const startMs = performance.now()
  const { status, stderr } = await run([...command, ...args], { deadlineMs: CASE_DEADLINE_MS }).catch(
    (error: unknown) => ({ status: -1, stderr: String(error) }),
  )
  const tookMs = performance.now() - startMs
  process.stdout.write(`${status === 0 ? '✓' : '✗'} ${name} ${(tookMs / 1000).toFixed(1)} s\n`)
  return { name, passed: status === 0, detail: status === 0 ? '' : `status ${status}\n${stderr}`, tookMs }
}

async function testAll(client: string, port: number): Promise<readonly CaseOutcome[]> {
  const outcomes: CaseOutcome[] = []
  for (const interopCase of listInteropCases((await run([client, '--help'])).stderr)) {
    outcomes.push(await testCase(client, interopCase, port))
  }
  return outcomes
}

async function testThroughProxies(client: string, serverPort: number): Promise<readonly CaseOutcome[]> {
  await using hops = await TwoHops.start({ originPort: serverPort, protocol: 'http2' })
  return await testAll(client, hops.port)
}

const isDirect = readDirect('grpc-interop')
const client = await fetchProgram('grpc-interop', 'interop-client')
const server = await fetchProgram('grpc-interop', 'interop-server')
const port = await freePort()
const serving = start([server, `--port=${port}`], { env: { GRPC_GO_LOG_SEVERITY_LEVEL: 'info' } })
try {
  await until('the interop server listens', () => serving.stderr().includes('listening on'))
  process.exitCode = reportSuite(
    'grpc-interop',
    isDirect ? await testAll(client, port) : await testThroughProxies(client, port),
  )
} finally {
  serving.process.kill('SIGKILL')
  await serving.ended
}
