import { Ajv, type AnySchemaObject, type ErrorObject, type SchemaValidateFunction, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import type { Rule, Schema } from '../kinds/schema.ts'
import { findOversized } from './find-oversized.ts'
import type { Finding } from './finding.ts'
import { ANNOTATIONS, RULES_KEYWORD, toJsonSchema, UNIQUE_KEYWORD } from './json-schema.ts'
import { toFindings } from './schema-findings.ts'

/** A kind, or anything else that is described by a schema; what is compiled is kept by it. */
interface HasSchema {
  readonly schema: Schema
}

const compiled = new Map<HasSchema, ValidateFunction>()

/**
 * Checks a value against the schema of its kind and fills in the schema's defaults, in place.
 *
 * @returns all that is wrong with it; of what is far too large only that
 */
export function checkSchema(kind: HasSchema, value: object): readonly Finding[] {
  const oversized = findOversized(kind.schema, value)
  if (oversized.length > 0) return oversized
  const validate = compiled.get(kind) ?? compile(kind)
  if (validate(value)) return []
  return toFindings(value, validate.errors ?? [])
}

/** On first use, because it takes some 10 ms a kind and a command line may need none. */
function compile(kind: HasSchema): ValidateFunction {
  const ajv = new Ajv({ allErrors: true, verbose: true, useDefaults: true, strict: false, validateSchema: false })
  addFormats.default(ajv, ['int32', 'int64', 'date-time'])
  ajv.addVocabulary([...ANNOTATIONS])
  // After everything else, so that rules see the defaults.
  ajv.addKeyword({ keyword: RULES_KEYWORD, schemaType: 'array', post: true, validate: validateRules })
  ajv.addKeyword({ keyword: UNIQUE_KEYWORD, schemaType: 'array', type: 'array', validate: validateUnique })
  const validate = ajv.compile(toJsonSchema(kind.schema))
  compiled.set(kind, validate)
  return validate
}

/** Ajv adds to these errors where they are. */
const validateRules: SchemaValidateFunction = (
  rules: readonly Rule[],
  value: unknown,
  parentSchema?: AnySchemaObject,
) => {
  const broken = rules.filter((rule) => !holds(rule, value))
  validateRules.errors = broken.map(({ message, fieldPath = '' }) => {
    return { keyword: RULES_KEYWORD, message, params: { fieldPath }, ...(parentSchema && { parentSchema }) }
  })
  return broken.length === 0
}

/** A value of a wrong type is said to be so by the schema itself; the rule has nothing to say about it. */
function holds(rule: Rule, value: unknown): boolean {
  try {
    return rule.holds(value as never)
  } catch (error) {
    if (error instanceof TypeError) return true
    throw error
  }
}

const validateUnique: SchemaValidateFunction = (keys: readonly (readonly string[])[], items: readonly unknown[]) => {
  validateUnique.errors = keys.flatMap((fields) => findRepeated(fields, items))
  return validateUnique.errors.length === 0
}

function findRepeated(fields: readonly string[], items: readonly unknown[]): Partial<ErrorObject>[] {
  const firsts = new Map<string, number>()
  const errors: Partial<ErrorObject>[] = []
  for (const [i, item] of items.entries()) {
    const values =
      fields.length === 0 ? [item] : fields.map((field) => (item as Readonly<Record<string, unknown>> | null)?.[field])
    if (fields.length > 0 && values.some((value) => value === undefined || value === '')) continue
    const key = JSON.stringify(values)
    const first = firsts.get(key)
    if (first === undefined) firsts.set(key, i)
    else errors.push({ keyword: UNIQUE_KEYWORD, params: { index: i, first, fields, values } })
  }
  return errors
}
