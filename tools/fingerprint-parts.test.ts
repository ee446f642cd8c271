import { expect, test } from 'vitest'
import { fingerprintParts } from './fingerprint-parts.ts'

const FILES = {
  'package-lock.json': '{}',
  'README.md': '# It',
  'docs/limits.md': '| a |',
  'docs/other.md': '| b |',
  'packages/base/src/clock.ts': 'export const now = 1',
  'packages/base/src/clock.test.ts': "import { now } from './clock.ts'",
  'packages/api/src/kinds.ts': 'export interface Kind {}',
  'packages/http/src/head.ts': "import { now } from '@heddle/base/clock'",
  'packages/http/src/head.test.ts': "read('../../../docs/limits.md')",
  'packages/proxy/src/run.ts':
    "// see packages/cli/src\nimport type { Kind } from '@heddle/api/kinds'\nimport '@heddle/http/head'",
  'packages/proxy/test/run.scenario.ts': "import '../../demo/test/shop.ts'",
  'packages/demo/test/shop.ts': 'export {}',
  'packages/cli/src/up.ts':
    "export type Up = 'up'\nspawn('packages/proxy/src/run.ts') // what is up comes from 'there'",
  'packages/cli/testdata/in.yaml': 'kind: None',
  'packages/cli/src/up.test.ts': '',
  'tools/ok.test.ts': "import '../packages/base/src/clock.ts'",
  'bench/load.ts': "import './rounds.ts'\nimport '../packages/demo/test/shop.ts'",
  'bench/rounds.ts': 'export type Round = object\nexport const rounds = 5',
  'packages/kube/src/load.test.ts': "import '../../../bench/load.ts'",
}

/** Whose tests run again when `path` changes. */
function affectedBy(path: keyof typeof FILES | 'packages/cli/src/new.ts'): readonly string[] {
  const toTree = (files: object) => new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)]))
  const before = fingerprintParts(toTree(FILES))
  const after = fingerprintParts(toTree({ ...FILES, [path]: 'changed' }))
  expect([...after.keys()]).toEqual([...before.keys()])
  return [...before].filter(([part, fingerprint]) => after.get(part) !== fingerprint).map(([part]) => part)
}

test.each<{ path: Parameters<typeof affectedBy>[0]; because: string; affected: string[] }>([
  { path: 'packages/cli/src/up.ts', because: 'it is its own', affected: ['packages/cli'] },
  { path: 'packages/cli/src/new.ts', because: 'it is its own, and new', affected: ['packages/cli'] },
  { path: 'packages/cli/testdata/in.yaml', because: 'tests read it', affected: ['packages/cli'] },
  { path: 'packages/http/src/head.ts', because: 'of imports', affected: ['http', 'proxy', 'cli'].map(inPackages) },
  { path: 'packages/http/src/head.test.ts', because: 'nobody imports tests', affected: ['packages/http'] },
  { path: 'packages/proxy/src/run.ts', because: 'a path is named', affected: ['proxy', 'cli'].map(inPackages) },
  { path: 'packages/demo/test/shop.ts', because: 'a test imports it', affected: ['proxy', 'kube'].map(inPackages) },
  { path: 'bench/rounds.ts', because: 'what a test imports imports it', affected: ['packages/kube'] },
  { path: 'packages/api/src/kinds.ts', because: 'types are gone when a test runs', affected: [] },
  { path: 'docs/limits.md', because: 'a test reads it', affected: ['packages/http'] },
  { path: 'docs/other.md', because: 'no test reads it', affected: [] },
  { path: 'README.md', because: 'no test reads it', affected: [] },
])('fingerprintParts() lets tests run again where $path changes, because $because', ({ path, affected }) => {
  expect(affectedBy(path).toSorted()).toEqual(affected.toSorted())
})

test.each([
  { path: 'package-lock.json' as const, also: ['packages/kube'] },
  { path: 'packages/base/src/clock.ts' as const, also: [] },
])('fingerprintParts() lets all tests run again that may depend on $path', ({ path, also }) => {
  const all = [...['base', 'http', 'proxy', 'cli'].map(inPackages), 'tools', ...also]
  expect(affectedBy(path).toSorted()).toEqual(all.toSorted())
})

function inPackages(name: string): string {
  return `packages/${name}`
}
