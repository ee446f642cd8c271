import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KINDS } from '@heddle/api/kinds/table'
import { parseManifests } from '@heddle/api/manifest'
import type { Problem } from '@heddle/api/manifest/problem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HEDDLE } from '../harness/mesh.ts'
import { run } from '../harness/process.ts'
import { until } from '../harness/until.ts'
import { installGatewayCrds } from './gateway-crds.ts'
import { installOwnCrds } from './own-crds.ts'
import { startAdmission } from './test-admission.ts'
import { cluster, type TestNamespace, withNamespace } from './test-namespace.ts'
import type { TruthCase } from './truth-manifests.ts'
import { RIGHT, TRUTH_WORLD } from './truth-right.ts'
import { WRONG } from './truth-wrong.ts'

/** What the laptop refuses, the cluster refuses, and the other way round: CRDs and webhook there, `heddle validate` here. */

const CASES = [...RIGHT.map((one) => toFile(one, 'accepted')), ...WRONG.map((one) => toFile(one, 'refused'))]

type Verdict = 'accepted' | 'refused'

interface CaseFile {
  readonly what: string
  readonly name: string
  readonly text: string
  readonly expected: Verdict
}

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'heddle-truth-'))
  for (const { name, text } of CASES) writeFileSync(join(folder, `${name}.yaml`), text)
})
afterAll(() => rmSync(folder, { recursive: true }))

test('there are at least 60 manifests, of every kind, right and wrong', () => {
  expect(CASES.length).toBeGreaterThanOrEqual(60)
  expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length)
  for (const verdict of ['accepted', 'refused'] as const) {
    const kinds = CASES.filter(({ expected }) => expected === verdict).map(
      ({ text }) => /^kind: (\w+)$/m.exec(text)?.[1],
    )
    expect(kinds).toEqual(expect.arrayContaining(KINDS.map(({ kind }) => kind)))
  }
})

test('every manifest gets the same verdict from the API server as from "heddle validate"', async () => {
  await installGatewayCrds(cluster)
  await installOwnCrds(cluster)
  const laptop = await validateAll()
  await withNamespace(async (namespace) => {
    const cloud = await applyAll(namespace)
    const rows = CASES.map(({ what, name, expected }) => {
      return { what, expected, laptop: laptop(name), cluster: cloud(name) }
    })
    const wrong = rows.filter(
      ({ expected, laptop, cluster }) => laptop.verdict !== expected || cluster.verdict !== expected,
    )
    expect(wrong).toEqual([])
    const silent = rows.filter(({ cluster, expected }) => expected === 'refused' && cluster.reason === '')
    expect(silent).toEqual([])
  })
})

interface Judgement {
  readonly verdict: Verdict
  readonly reason: string
}

type Judge = (name: string) => Judgement

async function validateAll(): Promise<Judge> {
  // Before all others: of two that claim the same the later one is to blame.
  const world = join(folder, '00-world.yaml')
  writeFileSync(world, TRUTH_WORLD)
  const { stdout } = await run([HEDDLE, 'validate', '-o', 'json', folder])
  rmSync(world)
  const errors = (JSON.parse(stdout) as readonly Problem[]).filter(({ severity }) => severity === 'error')
  return (name) => {
    const own = errors.filter(({ file }) => file.endsWith(`/${name}.yaml`))
    const reason = own.map((problem) => `${problem.field}: ${problem.reason}`).join('; ')
    return { verdict: own.length === 0 ? 'accepted' : 'refused', reason }
  }
}

/** All at once, as `kubectl apply -f FOLDER` does: it goes on after what is refused. */
async function applyAll(namespace: TestNamespace): Promise<Judge> {
  const world = TRUTH_WORLD.replaceAll('metadata: {', `metadata: {namespace: ${namespace.name}, `)
  const { objects } = parseManifests([{ path: 'world', text: world }])
  await using admission = await startAdmission(cluster, { namespace: namespace.name, objects })
  const apply = ['apply', '--server-side', '--dry-run=server', '--validate=strict', '--output=name']
  const right = RIGHT.find(({ what }) => what === 'backend slow start')!
  await until('the API server asks the webhook', async () => {
    await namespace.kubectl([...apply, '-f', '-'], { input: toFile(right, 'accepted').text })
    return admission.metrics().includes('webhook="validate"')
  })
  const { stdout, stderr } = await namespace.tryKubectl([...apply, '-f', folder], { deadlineMs: 180_000 })
  // Of fields that the API server has put there itself.
  expect(stderr).not.toMatch(/^Warning: heddle: metadata/m)
  const accepted = new Set(stdout.split('\n').map((line) => line.split('/').at(-1)))
  return (name) => {
    if (accepted.has(name)) return { verdict: 'accepted', reason: '' }
    const reason = stderr.split('\n').filter((line) => line.includes(name) || line.includes(`${name}.yaml`))
    return { verdict: 'refused', reason: reason.join('; ') }
  }
}

function toFile({ what, text }: TruthCase, expected: Verdict): CaseFile {
  const name = what.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return { what, name, text: text.replace('NAME', name), expected }
}
