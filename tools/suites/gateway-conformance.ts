import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { INSTALL_VERSION } from '@heddle/kube/install/version'
import { parse } from 'yaml'
import { type Cluster, openCluster } from '../../e2e/cluster/cluster.ts'
import { installGatewayCrds } from '../../e2e/cluster/gateway-crds.ts'
import { packConformanceImages } from '../../e2e/cluster/images/conformance-images.ts'
import { installHeddle } from '../../e2e/cluster/install-heddle.ts'
import { fetchPrograms } from '../../e2e/cluster/programs.ts'
import { startCluster } from '../../e2e/cluster/start-cluster.ts'
import { start } from '../../e2e/harness/process.ts'
import { fetchProgram } from './fetch-program.ts'
import { readGoTests } from './go-tests.ts'
import { type CaseOutcome, reportSuite } from './outcome.ts'

/**
 * `make gateway-conformance`: the Gateway API's own conformance tests, unchanged, profiles MESH-HTTP and MESH-GRPC with everything that
 * is extended in them, on a cluster with Heddle. Further arguments go to the suite: `--report-output=FILE`, `--run-test=NAME`,
 * `--fail-fast`. `--direct` runs it with no mesh, which tells whose a failure is. `HEDDLE_CLUSTER=NAME` takes a running cluster that
 * has Heddle already.
 */
const PROFILES = 'MESH-HTTP,MESH-GRPC'
const TOP = 'TestConformance'
const MESH_FEATURES = [
  'Mesh',
  'MeshClusterIPMatching',
  'MeshConsumerRoute',
  'MeshHTTPRouteBackendRequestHeaderModification',
  'MeshHTTPRouteNamedRouteRule',
  'MeshHTTPRouteQueryParamMatching',
  'MeshHTTPRouteRedirectPath',
  'MeshHTTPRouteRedirectPort',
  'MeshHTTPRouteRewritePath',
  'MeshHTTPRouteSchemeRedirect',
]
/** Not of the profiles, but tests of a mesh ask for them as well. */
const ROUTE_FEATURES = [
  'HTTPRoute303RedirectStatusCode',
  'HTTPRoute307RedirectStatusCode',
  'HTTPRoute308RedirectStatusCode',
  'HTTPRouteParentRefPort',
  'HTTPRouteResponseHeaderModification',
]
const OURSELVES = {
  organization: 'heddle',
  project: 'heddle',
  url: 'https://heddle.dev',
  version: INSTALL_VERSION,
  contact: 'CONTRIBUTING.md',
}

interface Report {
  readonly profiles?: readonly {
    readonly name: string
    readonly extended?: { readonly unsupportedFeatures?: readonly string[] }
  }[]
}

const isDirect = process.argv.includes('--direct')
const given = process.argv.slice(2).filter((arg) => arg !== '--direct')
const folder = mkdtempSync(join(tmpdir(), 'heddle-conformance-'))

/** A test that is skipped for want of a feature that is not claimed would go unseen. */
function checkSkipped(output: string): CaseOutcome {
  const skipped = [...output.matchAll(/--- SKIP: TestConformance\/(Mesh\w+) /g)].map(([, name]) => name)
  return { name: 'every test of a mesh has run', passed: skipped.length === 0, detail: skipped.join(', '), tookMs: 0 }
}

/** Nothing that the profiles have in this release is left out. */
function checkReport(file: string): CaseOutcome {
  const report = existsSync(file) ? (parse(readFileSync(file, 'utf8')) as Report) : undefined
  const left = report?.profiles?.flatMap(({ extended }) => extended?.unsupportedFeatures ?? [])
  const detail = left === undefined ? 'there is no report' : left.join(', ')
  return { name: 'every extended feature is claimed', passed: left?.length === 0, detail, tookMs: 0 }
}

async function runSuite(cluster: Cluster): Promise<readonly CaseOutcome[]> {
  const program = await fetchProgram('gateway-conformance', 'conformance.test')
  const file = given.find((arg) => arg.startsWith('--report-output='))?.split('=')[1] ?? join(folder, 'report.yaml')
  const flags = {
    'conformance-profiles': PROFILES,
    'supported-features': [...MESH_FEATURES, ...ROUTE_FEATURES].join(','),
    ...(isDirect ? {} : { 'namespace-annotations': 'heddle.dev/inject=enabled' }),
    'report-output': file,
    ...OURSELVES,
  }
  const named = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
  const args = ['-test.v', `-test.run=^${TOP}$`, '-test.timeout=30m', ...named, ...given]
  const suite = start([program, ...args], { env: { KUBECONFIG: cluster.kubeconfig }, cwd: folder })
  suite.process.stdout?.on('data', (chunk: Buffer) => {
    for (const { name, passed, tookMs } of readGoTests(chunk.toString(), TOP)) {
      process.stderr.write(`${passed ? '✓' : '✗'} ${name} ${(tookMs / 1000).toFixed(1)} s\n`)
    }
  })
  const status = await suite.ended
  const outcomes = readGoTests(suite.stdout(), TOP)
  const isWhole = !given.some((arg) => arg.startsWith('--run-test'))
  const ended = { name: 'the suite succeeds', passed: status === 0, detail: suite.stdout().slice(-2_000), tookMs: 0 }
  return [...outcomes, ended, ...(isWhole ? [checkReport(file), checkSkipped(suite.stdout())] : [])]
}

async function withCluster(): Promise<readonly CaseOutcome[]> {
  const running = process.env.HEDDLE_CLUSTER
  if (running) return prepareAndRun(openCluster(running, await fetchPrograms()))
  await using cluster = await startCluster({ name: 'gateway', tier: 'node' })
  await (isDirect ? installGatewayCrds(cluster) : installHeddle(cluster))
  return await prepareAndRun(cluster)
}

async function prepareAndRun(cluster: Cluster): Promise<readonly CaseOutcome[]> {
  for (const archive of await packConformanceImages()) await cluster.loadImage(archive)
  return runSuite(cluster)
}

try {
  process.exitCode = reportSuite('gateway-conformance', await withCluster())
} finally {
  rmSync(folder, { recursive: true })
}
