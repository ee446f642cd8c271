import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestCa } from '@heddle/testkit/test-ca'
import { type DualHandler, DualServer } from '../../e2e/harness/dual-server.ts'
import { TwoHops } from '../../e2e/harness/hops.ts'
import { MtlsTunnel } from '../../e2e/harness/mtls-tunnel.ts'
import { run } from '../../e2e/harness/process.ts'
import { fetchProgram } from './fetch-program.ts'
import { readH2specReport } from './h2spec-report.ts'
import { type CaseOutcome, reportSuite } from './outcome.ts'
import { readDirect } from './read-direct.ts'

/**
 * `make h2spec`: all cases of h2spec, the strict ones too, against the server role of running proxies: the outbound listener by
 * prior knowledge, the same before an application of HTTP/1, and the inbound listener by mutual TLS.
 * `ARGS=--direct` asks the application without proxies, to tell whose a failure is.
 */
const CLIENT_ID = 'spiffe://heddle.local/ns/shop/sa/h2spec'
const SUITE_DEADLINE_MS = 400_000
/** How long a case waits for what must come; 2 by itself, and so long a busy machine may hold up a process. */
const CASE_SECONDS = 10

interface Target {
  readonly name: string
  readonly port: number
}

/** Answers when it has the whole request, with a body that flow control can be tried on. */
const application: DualHandler = (request, response) => {
  request.on('error', () => undefined)
  request.resume().on('end', () => response.end('An answer of more than one octet.\n'))
}

async function testTarget(program: string, { name, port }: Target): Promise<readonly CaseOutcome[]> {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-h2spec-'))
  const report = join(folder, 'report.xml')
  const target = ['--host', '127.0.0.1', '--port', String(port)]
  const args = ['--strict', '--timeout', String(CASE_SECONDS), ...target, '--junit-report', report]
  try {
    const { stdout } = await run([program, ...args], { deadlineMs: SUITE_DEADLINE_MS })
    process.stdout.write(`${name}: ${stdout.trimEnd().split('\n').at(-1)}\n`)
    return readH2specReport(readFileSync(report, 'latin1'), name)
  } catch (error) {
    return [{ name: `${name}: h2spec itself`, passed: false, detail: String(error), tookMs: 0 }]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function testProxies(program: string): Promise<readonly CaseOutcome[]> {
  const authority = await createTestCa()
  using server = await DualServer.start(application)
  await using hops = await TwoHops.start({ originPort: server.port, protocol: 'http2', authority })
  await using downgrade = await TwoHops.start({ originPort: server.port, protocol: 'http2', appProtocol: 'http1' })
  using tunnel = await MtlsTunnel.start(hops.inboundPort, await authority.issueFor(CLIENT_ID))
  const outcomes: CaseOutcome[] = []
  for (const target of [
    { name: 'outbound, h2c', port: hops.port },
    { name: 'outbound, h2c to HTTP/1', port: downgrade.port },
    { name: 'inbound, mTLS', port: tunnel.port },
  ]) {
    outcomes.push(...(await testTarget(program, target)))
  }
  return outcomes
}

async function testApplication(program: string): Promise<readonly CaseOutcome[]> {
  using server = await DualServer.start(application)
  return await testTarget(program, { name: 'the application', port: server.port })
}

const isDirect = readDirect('h2spec')
const program = await fetchProgram('h2spec', 'h2spec')
const outcomes = isDirect ? await testApplication(program) : await testProxies(program)
process.exitCode = reportSuite('h2spec', outcomes)
