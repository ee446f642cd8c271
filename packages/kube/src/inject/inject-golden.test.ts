import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import { uninjectWorkload } from './annotate-workload.ts'
import { VALUES } from './inject-fixture.ts'
import { injectWorkload, type WorkloadRules } from './inject-workload.ts'
import { type Manifest, templatePathOf, valueAt } from './workload-kinds.ts'

/** The last document of an `in.yaml`. */
interface Question extends Partial<WorkloadRules> {
  readonly pullSecrets?: readonly string[]
}

const TESTDATA = join(import.meta.dirname, 'testdata')
const names = readdirSync(TESTDATA).sort()

test.each(names.map((name) => ({ name })))('injects $name', ({ name }) => {
  const { object, reports } = injectWorkload(...read(name))
  const answer = `${stringify(object, { lineWidth: 0 })}---\n${stringify({ reports }, { lineWidth: 0 })}`
  const outFile = join(TESTDATA, name, 'out.yaml')
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(outFile, answer)
  expect(existsSync(outFile), 'UPDATE_GOLDEN=1 writes the file').toBe(true)
  expect(answer).toBe(readFileSync(outFile, 'utf8'))
})

test.each(names.map((name) => ({ name })))('changes nothing of an injected $name', ({ name }) => {
  const [object, rules] = read(name)
  const once = injectWorkload(object, rules).object
  for (const earlier of ['keep', 'replace'] as const) {
    expect(injectWorkload(once, { ...rules, earlier }).object).toEqual(once)
  }
})

test('uninjectWorkload() leaves what was there before, without our annotations', () => {
  const [object, rules] = read('deployment')
  expect(uninjectWorkload(injectWorkload(object, rules).object).object).toEqual(object)
})

test('uninjectWorkload() gives probes back as they were', () => {
  const [object, rules] = read('tcp-probes')
  const injected = injectWorkload(object, rules).object
  const specOf = (manifest: Manifest) => valueAt(manifest, [...templatePathOf(manifest)!, 'spec'])
  expect(specOf(uninjectWorkload(injected).object)).toEqual(specOf(object))
})

function read(name: string): [Manifest, WorkloadRules] {
  const text = readFileSync(join(TESTDATA, name, 'in.yaml'), 'utf8')
  const [object, question] = parseAllDocuments(text).map((document) => document.toJS() as unknown)
  const { pullSecrets = [], ...rules } = question as Question
  return [object as Manifest, { namespaceAnnotations: {}, ...rules, values: { ...VALUES, pullSecrets } }]
}
