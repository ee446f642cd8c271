import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { KubeDraft } from '@heddle/kube/client'
import { INSTALL_VERSION } from '@heddle/kube/install/version'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { type Finished, run } from '../../e2e/harness/process.ts'
import { readOptions } from '../read-options.ts'
import { CHART_CASES, type ChartCase, REFUSED_VALUES } from './chart-cases.ts'
import { fetchProgram } from './fetch-program.ts'
import { type CaseOutcome, reportSuite } from './outcome.ts'

/** `make chart`: for several values, `helm template` beside `heddle install`: the same objects, but for the Namespace. */
const ROOT = resolve(import.meta.dirname, '../..')
const CHART = join(ROOT, 'deploy/chart')
const HEDDLE = join(ROOT, 'bin/heddle')
// Without a cluster Helm takes the version that it was made for.
const KUBERNETES = '--kube-version=1.33.0'

readOptions('usage: make chart', {})
const helm = await fetchProgram('helm', 'helm')
const folder = mkdtempSync(join(tmpdir(), 'heddle-chart-'))
// Nothing of the user's own Helm.
const env = {
  HELM_CACHE_HOME: folder,
  HELM_CONFIG_HOME: folder,
  HELM_DATA_HOME: folder,
  KUBECONFIG: join(folder, 'none'),
}

async function compareCase(one: ChartCase): Promise<CaseOutcome> {
  return await outcomeOf(`the chart is heddle install, ${one.name}`, async () => {
    const files = (one.files ?? []).map((values, i) => valuesFile(`${one.name.replaceAll(/\W/g, '-')}-${i}`, values))
    const namespace = one.namespace ?? 'heddle'
    const haFiles = one.ha === true ? [join(CHART, 'values-ha.yaml')] : []
    const theirs = await outputOf([
      helm,
      'template',
      'heddle',
      CHART,
      KUBERNETES,
      `--namespace=${namespace}`,
      ...[...haFiles, ...files].map((file) => `--values=${file}`),
      ...(one.set ?? []).map((set) => `--set=${set}`),
    ])
    const ours = await outputOf([
      HEDDLE,
      `--heddle-namespace=${namespace}`,
      'install',
      '--ignore-cluster',
      ...(one.ha === true ? ['--ha'] : []),
      ...files.map((file) => `--values=${file}`),
      ...(one.set ?? []).map((set) => `--set=${set}`),
    ])
    return compare(objectsOf(theirs), withoutNamespace(objectsOf(ours)))
  })
}

/** Helm makes the namespace itself, by --create-namespace: it needs it before the chart's first object. */
function withoutNamespace(objects: ReadonlyMap<string, unknown>): ReadonlyMap<string, unknown> {
  return new Map([...objects].filter(([name]) => !name.startsWith('Namespace ')))
}

function compare(theirs: ReadonlyMap<string, unknown>, ours: ReadonlyMap<string, unknown>): string {
  const names = [...new Set([...theirs.keys(), ...ours.keys()])].toSorted()
  return names
    .flatMap((name) => {
      const [own, other] = [ours.get(name), theirs.get(name)]
      if (isDeepStrictEqual(own, other)) return []
      return [`${name} differs:\n--- heddle install\n${stringify(own)}+++ helm template\n${stringify(other)}`]
    })
    .join('\n')
}

function objectsOf(yaml: string): ReadonlyMap<string, unknown> {
  const objects = parseAllDocuments(yaml).map((document) => document.toJS() as KubeDraft | null)
  return new Map(
    objects
      .filter((object) => object !== null)
      .map((object) => {
        const { kind, metadata } = object
        return [`${kind} ${metadata.namespace ?? '-'}/${metadata.name}`, withReadTexts(object)]
      }),
  )
}

/** What ConfigMaps hold is YAML, in which the two writers differ by spaces and quotes. */
function withReadTexts(object: KubeDraft): unknown {
  const { data } = object as KubeDraft & { readonly data?: Readonly<Record<string, string>> }
  if (object.kind !== 'ConfigMap' || data === undefined) return object
  const read = Object.entries(data).map(([name, text]) => [name, name.endsWith('.yaml') ? parse(text) : text])
  return { ...object, data: Object.fromEntries(read) }
}

async function refuseCase(set: string): Promise<CaseOutcome> {
  return await outcomeOf(`Helm refuses ${set} as heddle install does`, async () => {
    const theirs = await run([helm, 'template', 'heddle', CHART, KUBERNETES, `--set=${set}`], { env })
    const ours = await run([HEDDLE, 'install', '--ignore-cluster', `--set=${set}`], { env })
    const isRefused = theirs.stderr.includes('specifications of the schema') && ours.stderr.includes(`--set ${set}: `)
    return isRefused ? '' : `helm: ${theirs.stderr}\nheddle: ${ours.stderr}`
  })
}

async function lintChart(): Promise<CaseOutcome> {
  return await outcomeOf('helm lint finds nothing', async () => {
    const { status, stdout, stderr } = await run([helm, 'lint', '--strict', CHART], { env })
    return status === 0 ? '' : stdout + stderr
  })
}

async function compareVersions(): Promise<CaseOutcome> {
  return await outcomeOf('the chart has the version of Heddle', async () => {
    const { version, appVersion } = parse(await outputOf([helm, 'show', 'chart', CHART])) as Record<string, unknown>
    return version === INSTALL_VERSION && appVersion === INSTALL_VERSION ? '' : `${version}, ${appVersion}`
  })
}

function valuesFile(name: string, values: unknown): string {
  const file = join(folder, `${name}.yaml`)
  writeFileSync(file, stringify(values))
  return file
}

async function outputOf(command: readonly string[]): Promise<string> {
  const { status, stdout, stderr }: Finished = await run(command, { env })
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
  return stdout
}

async function outcomeOf(name: string, deed: () => Promise<string>): Promise<CaseOutcome> {
  const startMs = performance.now()
  const detail = await deed().catch(String)
  return { name, passed: detail === '', detail, tookMs: performance.now() - startMs }
}

try {
  const outcomes: CaseOutcome[] = [await lintChart(), await compareVersions()]
  for (const one of CHART_CASES) outcomes.push(await compareCase(one))
  for (const set of REFUSED_VALUES) outcomes.push(await refuseCase(set))
  process.exitCode = reportSuite('chart', outcomes)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
