import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mode } from '../../e2e/harness/mesh.ts'
import { canRun } from '../../e2e/harness/requirements.ts'
import { endWithUsage, readOptions } from '../read-options.ts'
import { fetchFolder } from './fetch-program.ts'
import { ADDRESS_OF_ECHO_V2, CASES } from './gamma/cases.ts'
import type { Check } from './gamma/check.ts'
import { LocalMesh } from './gamma/local-mesh.ts'
import { runCase } from './gamma/run-case.ts'
import { readSuiteCases, type SuiteCase } from './gamma/suite-cases.ts'
import { type CaseOutcome, reportSuite } from './outcome.ts'

/**
 * `make gamma`: the cases of the Gateway API's mesh conformance (MESH-HTTP and MESH-GRPC, core and extended) against `heddle up`, in
 * transparent and in explicit mode. The suite's YAML is applied as it is; what is asked and expected is in `gamma/cases.ts`.
 * `ARGS=NAME` runs the cases whose name has that in it.
 */
const MODES: readonly Mode[] = ['transparent', 'explicit']

/** Why some of what is asked cannot be asked; said by name in the output, and in docs/reference/gateway-api.md. */
const NO_POD_ADDRESS = 'in explicit mode instances have no addresses of their own'
const NO_NAMESPACES = 'needs root, ip and iptables'

const USAGE = 'usage: make gamma ARGS="[NAME]"'
const { positionals } = readOptions(USAGE, { allowPositionals: true })
const [wanted = ''] = positionals
const folder = await fetchFolder('gateway-api')
const read = (name: string) => readFileSync(join(folder, name), 'utf8')
const suite = readdirSync(join(folder, 'mesh-cases')).flatMap((name) => readSuiteCases(read(`mesh-cases/${name}`)))

async function testMode(mode: Mode): Promise<readonly CaseOutcome[]> {
  const cases = suite.filter(({ name }) => name.includes(wanted) && CASES[name] !== undefined)
  if (mode === 'transparent' && !canRun('root', 'ip', 'iptables')) {
    for (const { name } of cases) sayNotRun(`${name} (${mode})`, NO_NAMESPACES)
    return []
  }
  await using mesh = await LocalMesh.start(mode, read('mesh-base.yaml'))
  const outcomes: CaseOutcome[] = []
  for (const { name, manifests } of cases) {
    const yaml = manifests.map((file) => read(`mesh/${file}`)).join('\n---\n')
    const checks = runnableChecks(mesh, name)
    const outcome = await runCase(mesh, { name: `${name} (${mode})`, manifests: yaml, checks })
    process.stdout.write(`${outcome.passed ? '✓' : '✗'} ${outcome.name} ${(outcome.tookMs / 1000).toFixed(1)} s\n`)
    outcomes.push(outcome)
  }
  return outcomes
}

function runnableChecks(mesh: LocalMesh, name: string): readonly Check[] {
  const checks = CASES[name] ?? []
  if (mesh.addressOfEchoV2 !== undefined) return checks
  const isOfAddress = ({ host = '' }: Check) => host.startsWith(ADDRESS_OF_ECHO_V2)
  for (const check of checks.filter(isOfAddress)) sayNotRun(`${name} (explicit), ${check.name}`, NO_POD_ADDRESS)
  return checks.filter((check) => !isOfAddress(check))
}

function sayNotRun(what: string, reason: string): void {
  process.stdout.write(`- ${what}: not run, ${reason}\n`)
}

/** The table has what the suite has: no case is forgotten when the suite changes. */
function compareNames(cases: readonly SuiteCase[]): readonly CaseOutcome[] {
  const names = cases.map(({ name }) => name)
  const fault = (name: string, detail: string) => ({ name, passed: false, detail, tookMs: 0 })
  const missing = names.filter((name) => CASES[name] === undefined)
  const gone = Object.keys(CASES).filter((name) => !names.includes(name))
  return [
    ...missing.map((name) => fault(name, 'gamma/cases.ts has no such case')),
    ...gone.map((name) => fault(name, 'the suite has no such case')),
  ]
}

if (!suite.some(({ name }) => name.includes(wanted))) endWithUsage(USAGE, `${wanted}: no case has that in its name`)
const outcomes = [...compareNames(suite)]
for (const mode of MODES) outcomes.push(...(await testMode(mode)))
process.exitCode = reportSuite('gamma', outcomes)
