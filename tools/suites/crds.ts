import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { KINDS, type Kind } from '@heddle/api/kinds/table'
import { parseManifests } from '@heddle/api/manifest'
import { formatProblem } from '@heddle/api/manifest/problem'
import { readOptions } from '../read-options.ts'
import { DIFFERENCES, type Difference, UNCOMPARED_FIELDS } from './crd-differences.ts'
import { compareFields } from './crd-fields.ts'
import { compareVerdicts, ruledNodes } from './crd-rules.ts'
import { readCrd } from './crd-schema.ts'
import { fetchFolder } from './fetch-program.ts'
import { type CaseOutcome, reportSuite } from './outcome.ts'

/**
 * `make crds`: our schemas of the Gateway API's kinds beside its own CRDs: every field with its limits, in each version that is read,
 * and every rule over several fields, by drawing values and comparing the verdicts. And the files of the conformance tests of a mesh.
 */
readOptions('usage: make crds', {})

const GROUP = 'gateway.networking.k8s.io/'

function compareKind(kind: Kind, folder: string, used: Set<Difference>): readonly CaseOutcome[] {
  const versions = readCrd(folder, kind.kind)
  const ours = kind.schema.properties!.spec!
  const read = [kind.apiVersion, ...kind.olderVersions].map((version) => version.slice(GROUP.length))
  const fields = read.flatMap((version) => {
    const theirs = versions.get(version)
    // Of a version that only older releases of the API have.
    if (theirs === undefined && kind.olderVersions.includes(GROUP + version)) return []
    const comparisons = compareFields([ours, theirs], `${kind.kind} ${version} spec`, { expected: DIFFERENCES, used })
    return comparisons.map(({ path, differences }) => outcome(path, 0, differences.join('\n')))
  })
  const [newest = ''] = read
  const theirs = versions.get(newest)
  if (theirs === undefined) return fields
  const rules = ruledNodes([ours, theirs], 'spec', UNCOMPARED_FIELDS).map((node) => {
    const startMs = performance.now()
    const fault = faultOf(() => compareVerdicts(node))
    return outcome(`${kind.kind} rules of ${node.path}`, performance.now() - startMs, fault)
  })
  return [...fields, ...rules]
}

/** What the conformance tests of a mesh apply: warnings are about Services that other files bring. */
function readConformanceFiles(folder: string): readonly CaseOutcome[] {
  return readdirSync(join(folder, 'mesh')).map((name) => {
    const text = readFileSync(join(folder, 'mesh', name), 'utf8')
    const errors = parseManifests([{ path: name, text }]).problems.filter(({ severity }) => severity === 'error')
    return outcome(`the conformance test's ${name} is accepted`, 0, errors.map(formatProblem).join('\n'))
  })
}

function outcome(name: string, tookMs: number, detail: string): CaseOutcome {
  return { name, passed: detail === '', detail, tookMs }
}

function faultOf(deed: () => void): string {
  try {
    deed()
    return ''
  } catch (error) {
    if (!(error instanceof Error)) return String(error)
    return [error.message, error.cause instanceof Error ? error.cause.message : ''].join('\n')
  }
}

const folder = await fetchFolder('gateway-api')
const used = new Set<Difference>()
const kinds = KINDS.filter(({ apiVersion }) => apiVersion.startsWith(GROUP))
const outcomes = kinds.flatMap((kind) => compareKind(kind, folder, used))
const idle = DIFFERENCES.filter((difference) => !used.has(difference)).map(({ field, keywords }) =>
  outcome(`the difference in ${keywords.join(', ')} of ${field}`, 0, 'there is no such difference any more'),
)
process.exitCode = reportSuite('crds', [...outcomes, ...readConformanceFiles(folder), ...idle])
