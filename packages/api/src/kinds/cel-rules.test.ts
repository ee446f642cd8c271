import { compileCelRule } from '@heddle/testkit/cel-rules'
import { valuesOf } from '@heddle/testkit/schema-arbitrary'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backendPolicySchema } from './backend-policy-schema.ts'
import { faultPolicySchema } from './fault-policy-schema.ts'
import type { Rule, Schema } from './schema.ts'
import { trafficPolicySchema } from './traffic-policy-schema.ts'
import { workloadSchema } from './workload-schema.ts'

const SCHEMAS = { backendPolicySchema, faultPolicySchema, trafficPolicySchema, workloadSchema }

/** Every schema within a schema, with its path. */
function* nodesOf(schema: Schema, path: string): Iterable<readonly [string, Schema]> {
  yield [path, schema]
  for (const [name, field] of Object.entries(schema.properties ?? {})) yield* nodesOf(field, `${path}.${name}`)
  if (schema.items !== undefined) yield* nodesOf(schema.items, `${path}[]`)
}

/** API servers look at metadata themselves, and keep the status. */
const NODES = Object.values(SCHEMAS)
  .flatMap((schema) => [...nodesOf(schema, String(schema.properties?.kind?.description).replaceAll('`', ''))])
  .filter(([path]) => !/\.(metadata|status)\b/.test(path))

const RULES = NODES.flatMap(([path, schema]) =>
  (schema['x-kubernetes-validations'] ?? []).map((rule) => ({ title: `${path}: ${rule.message}`, schema, rule })),
)

describe('what an API server evaluates as CEL is what holds() says:', () => {
  test('every rule of our kinds has both', () => {
    expect(RULES.length).toBeGreaterThan(40)
    expect(RULES.filter(({ rule }) => rule.rule === undefined).map(({ title }) => title)).toEqual([])
  })

  test.each(RULES)('$title', ({ schema, rule }) => {
    const { verdicts } = compare(rule, schema)
    expect(verdicts, 'the rule is broken by some value, and kept by another').toEqual(new Set([true, false]))
  })
})

/** Rules see the defaults, so values are made of a schema in which they are needed. */
function compare(rule: Rule, schema: Schema): { readonly verdicts: ReadonlySet<boolean> } {
  const evaluate = compileCelRule(rule.rule ?? '')
  const verdicts = new Set<boolean>()
  fc.assert(
    fc.property(valuesOf(withDefaults(schema)), (value) => {
      const holds = rule.holds(value as never)
      verdicts.add(holds)
      expect(evaluate(value)).toBe(holds)
    }),
    { numRuns: 400 },
  )
  return { verdicts }
}

function withDefaults(schema: Schema): Schema {
  const { properties, items, required = [] } = schema
  if (items !== undefined) return { ...schema, items: withDefaults(items) }
  if (properties === undefined) return schema
  const filled = Object.entries(properties).flatMap(([name, field]) => (field.default === undefined ? [] : name))
  const fields = Object.entries(properties).map(([name, field]) => [name, withDefaults(field)] as const)
  return { ...schema, required: [...new Set([...required, ...filled])], properties: Object.fromEntries(fields) }
}

test('every field of our kinds says what it is for, and its type, as a CRD needs it', () => {
  const bare = NODES.filter(([path, { description }]) => description === undefined && !path.endsWith('[]'))
  expect(bare.map(([path]) => path)).toEqual([])
  const untyped = NODES.filter(([, schema]) => {
    return (schema.type === undefined) === (schema['x-kubernetes-int-or-string'] === undefined)
  })
  expect(untyped.map(([path]) => path)).toEqual([])
})
