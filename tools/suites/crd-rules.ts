import type { Schema } from '@heddle/api/kinds/schema'
import type { Kind } from '@heddle/api/kinds/table'
import { checkSchema } from '@heddle/api/manifest/check-schema'
import { type CelRule, compileCelRule } from '@heddle/testkit/cel-rules'
import { type ArbitrarySchema, valuesOf } from '@heddle/testkit/schema-arbitrary'
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { STRICTER } from './crd-differences.ts'
import type { CrdSchema } from './crd-schema.ts'

const RUNS = 1000

/** A part of a CRD that has rules over several fields or items, with our schema of the same. */
export interface RuledNode {
  readonly path: string
  readonly ours: Schema
  readonly theirs: CrdSchema
}

/** Every such part within a pair of schemas; without the fields in `left`. */
export function ruledNodes(
  [ours, theirs]: readonly [Schema, CrdSchema],
  path: string,
  left: ReadonlySet<string>,
): RuledNode[] {
  const nested = Object.entries(theirs.properties ?? {}).flatMap(([name, field]) => {
    const own = ours.properties?.[name]
    return own === undefined || left.has(name) ? [] : ruledNodes([own, field], `${path}.${name}`, left)
  })
  const items =
    ours.items === undefined || theirs.items === undefined
      ? []
      : ruledNodes([ours.items, theirs.items], `${path}[]`, left)
  const isRuled = theirs['x-kubernetes-validations'] !== undefined || isKeyed(theirs)
  return [...(isRuled ? [{ path, ours, theirs: without(theirs, left) }] : []), ...nested, ...items]
}

function isKeyed(schema: CrdSchema): boolean {
  return schema['x-kubernetes-list-type'] === 'map' || schema['x-kubernetes-list-type'] === 'set'
}

function without(schema: CrdSchema, left: ReadonlySet<string>): CrdSchema {
  const { properties, items } = schema
  const kept = Object.entries(properties ?? {}).filter(([name]) => !left.has(name))
  return {
    ...schema,
    ...(properties !== undefined && {
      properties: Object.fromEntries(kept.map(([name, field]) => [name, without(field, left)])),
    }),
    ...(items !== undefined && { items: without(items, left) }),
  }
}

/**
 * Draws values, and asks both sides whether they are right.
 *
 * @throws with the smallest value about which they disagree, or when one verdict never came
 */
export function compareVerdicts({ ours, theirs }: RuledNode): void {
  const isRight = compileCrd(theirs)
  const kind = { schema: ours } as Kind
  const verdicts = new Set<boolean>()
  fc.assert(
    fc.property(valuesOf(theirs, mostlyRight), (value) => {
      // Both fill in defaults. Only in a field of an object can a value be replaced.
      const holder = { value: structuredClone(value) }
      const findings = checkSchema(kind, structuredClone(value) as object)
      const verdict = isRight(holder.value)
      verdicts.add(verdict)
      if (verdict === (findings.length === 0)) return
      if (verdict && findings.every(({ reason }) => STRICTER.some((known) => known.reason.test(reason)))) return
      const said = findings.map(({ path, reason }) => `${path.join('.')}: ${reason}`).join('; ')
      throw new Error(verdict ? `the CRD accepts it, we do not: ${said}` : 'we accept it, the CRD does not')
    }),
    { numRuns: RUNS, endOnFailure: false },
  )
  if (verdicts.size < 2) throw new Error(`every value was ${verdicts.has(true) ? 'right' : 'wrong'}`)
}

/** The rules of a whole are tried only where its parts are right. */
function mostlyRight(part: ArbitrarySchema, values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const schema = part as CrdSchema
  if (schema['x-kubernetes-validations'] === undefined && !isKeyed(schema)) return values
  const isRight = compileCrd(schema)
  const right = values.filter((value) => isRight(structuredClone(value)))
  return fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: values })
}

interface Judge {
  readonly rules: readonly CelRule[]
  readonly keys: readonly string[] | undefined
  readonly properties: ReadonlyMap<string, Judge>
  readonly items: Judge | undefined
}

function compileCrd(schema: CrdSchema): (value: unknown) => boolean {
  const ajv = new Ajv({ useDefaults: true, strict: false, validateSchema: false })
  addFormats.default(ajv, ['int32', 'int64', 'date-time'])
  const validate: ValidateFunction = ajv.compile(schema)
  const judge = toJudge(schema)
  return (value) => validate(value) && judges(judge, value)
}

function toJudge(schema: CrdSchema): Judge {
  return {
    rules: (schema['x-kubernetes-validations'] ?? []).map(({ rule }) => compileCelRule(rule)),
    keys: isKeyed(schema) ? (schema['x-kubernetes-list-map-keys'] ?? []) : undefined,
    properties: new Map(Object.entries(schema.properties ?? {}).map(([name, field]) => [name, toJudge(field)])),
    items: schema.items && toJudge(schema.items),
  }
}

function judges({ rules, keys, properties, items }: Judge, value: unknown): boolean {
  if (!rules.every((rule) => rule(value))) return false
  if (Array.isArray(value)) {
    if (keys !== undefined && new Set(value.map((item) => keyOf(item, keys))).size < value.length) return false
    return items === undefined || value.every((item) => judges(items, item))
  }
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, field]) => {
    const judge = properties.get(name)
    return judge === undefined || judges(judge, field)
  })
}

/** Of a set, which has no keys, the item itself. */
function keyOf(item: unknown, keys: readonly string[]): string {
  return JSON.stringify(keys.length === 0 ? item : keys.map((key) => (item as Record<string, unknown>)[key]))
}
