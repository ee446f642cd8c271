import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DualServer } from '../../e2e/harness/dual-server.ts'
import { freePort, TwoHops } from '../../e2e/harness/hops.ts'
import { run, start } from '../../e2e/harness/process.ts'
import { until } from '../../e2e/harness/until.ts'
import { echoOf, echoUpgrades } from '../../e2e/harness/ws-echo.ts'
import { readAutobahnIndex } from './autobahn-report.ts'
import { fetchProgram } from './fetch-program.ts'
import { type CaseOutcome, reportSuite } from './outcome.ts'
import { readDirect } from './read-direct.ts'

/**
 * `make websocket`: the Autobahn test suite through two proxies with mutual TLS between them, in both directions: its fuzzing client
 * against an echo server, and an echo client against its fuzzing server. `ARGS=--direct` leaves the proxies out, to tell whose a
 * failure is.
 */
const SUITE_DEADLINE_MS = 400_000
const CASE_DEADLINE_MS = 30_000
const LANES = 4
/**
 * How long the suite waits for the end of a connection. One second by itself, and that is too short here: its server is one thread of
 * Python that has other cases to see to, each up to seconds with 16 MiB, and when it comes back it looks at its deadlines before it looks
 * at what came. With a twentieth of a second it takes several closes for unclean also without proxies, and none with one lane.
 */
const CLOSE_SECONDS = 10
/** Compression is agreed on between the two ends; a proxy sees octets. */
const CASES = { cases: ['*'], 'exclude-cases': ['12.*', '13.*'], 'exclude-agent-cases': {} }
const isDirect = readDirect('websocket')

/** Calls `test` with the port at which whatever listens on `port` is reached. */
async function throughProxies(
  port: number,
  test: (port: number) => Promise<readonly CaseOutcome[]>,
): Promise<readonly CaseOutcome[]> {
  if (isDirect) return await test(port)
  await using hops = await TwoHops.start({ originPort: port, protocol: 'detect' })
  return await test(hops.port)
}

async function testWithFuzzingClient(wstest: string, folder: string): Promise<readonly CaseOutcome[]> {
  using server = await DualServer.start((_request, response) => void response.end(), echoUpgrades())
  return await throughProxies(server.port, async (port) => {
    const outdir = join(folder, 'client')
    const options = { closeHandshakeTimeout: CLOSE_SECONDS, serverConnectionDropTimeout: CLOSE_SECONDS }
    const servers = [{ agent: 'heddle', url: `ws://127.0.0.1:${port}` }]
    const spec = { ...CASES, outdir, options, servers }
    await run([wstest, '--mode', 'fuzzingclient', '--spec', writeSpec(folder, 'client', spec)], {
      deadlineMs: SUITE_DEADLINE_MS,
    })
    return readReport(outdir, "Autobahn's client")
  })
}

async function testWithFuzzingServer(wstest: string, folder: string): Promise<readonly CaseOutcome[]> {
  const serverPort = await freePort()
  const outdir = join(folder, 'server')
  const options = { closeHandshakeTimeout: CLOSE_SECONDS }
  const spec = { ...CASES, outdir, options, url: `ws://127.0.0.1:${serverPort}` }
  const command = [wstest, '--mode', 'fuzzingserver', '--webport', '0', '--spec', writeSpec(folder, 'server', spec)]
  const server = start(command)
  try {
    return await throughProxies(serverPort, async (port) => {
      // Autobahn's server refuses a Host that has another port than its own.
      const ask = (path: string) =>
        echoOf(`ws://127.0.0.1:${port}/${path}`, { deadlineMs: CASE_DEADLINE_MS, host: `127.0.0.1:${serverPort}` })
      const count = await until('the fuzzing server answers', () => ask('getCaseCount'))
      await inLanes(Number(count), (index) => ask(`runCase?case=${index + 1}&agent=heddle`))
      await ask('updateReports?agent=heddle')
      return readReport(outdir, "Autobahn's server")
    })
  } finally {
    server.process.kill('SIGKILL')
    await server.ended
  }
}

/** Calls `deed` with 0 to `count` - 1, some at a time: most of the time a case waits to see that nothing comes. */
async function inLanes(count: number, deed: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) await deed(next++)
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

function readReport(outdir: string, target: string): readonly CaseOutcome[] {
  const read = (name: string) => readFileSync(join(outdir, name), 'utf8')
  return readAutobahnIndex(read('index.json'), target, read)
}

function writeSpec(folder: string, name: string, spec: object): string {
  const file = join(folder, `${name}.json`)
  writeFileSync(file, JSON.stringify(spec))
  return file
}

const wstest = await fetchProgram('autobahn', 'wstest')
const folder = mkdtempSync(join(tmpdir(), 'heddle-websocket-'))
try {
  const outcomes = await Promise.all([testWithFuzzingClient(wstest, folder), testWithFuzzingServer(wstest, folder)])
  process.exitCode = reportSuite('websocket', outcomes.flat())
} finally {
  rmSync(folder, { recursive: true, force: true })
}
