import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { renderKubernetesKindsPage, renderWorkloadPage } from './kinds-pages.ts'
import type { Schema } from './schema.ts'
import { workloadSchema } from './workload-schema.ts'

test.each([
  { page: 'workload.md', rendered: renderWorkloadPage() },
  { page: 'kubernetes-kinds.md', rendered: renderKubernetesKindsPage() },
])('docs/reference/$page is what `npm run gen` makes of the schemas', ({ page, rendered }) => {
  const written = readFileSync(new URL(`../../../../docs/reference/${page}`, import.meta.url), 'utf8')
  expect(written).toBe(rendered)
})

/** Every schema within a schema, with its path. */
function* schemasIn(schema: Schema, path: string): Iterable<readonly [string, Schema]> {
  yield [path, schema]
  for (const [name, field] of Object.entries(schema.properties ?? {})) yield* schemasIn(field, `${path}.${name}`)
  if (schema.items !== undefined) yield* schemasIn(schema.items, `${path}[]`)
}

/** API servers look at metadata themselves. */
const WORKLOAD_NODES = [...schemasIn(workloadSchema, '')].filter(([path]) => !path.startsWith('.metadata.'))

test('every field of a Workload says what it is for, and its type, as a CRD needs it', () => {
  const bare = WORKLOAD_NODES.filter(([path, { description }]) => description === undefined && !path.endsWith('[]'))
  expect(bare.map(([path]) => path)).toEqual([])
  const untyped = WORKLOAD_NODES.filter(([, schema]) => {
    return (schema.type === undefined) === (schema['x-kubernetes-int-or-string'] === undefined)
  })
  expect(untyped.map(([path]) => path)).toEqual([])
})

test('every rule of a Workload can be enforced by an API server as well', () => {
  const rules = WORKLOAD_NODES.flatMap(([path, schema]) =>
    (schema['x-kubernetes-validations'] ?? []).map((rule) => ({ path, rule })),
  )
  expect(rules.length).toBeGreaterThan(5)
  expect(rules.filter(({ rule }) => rule.rule === undefined)).toEqual([])
})
