import type { ErrorObject } from 'ajv'
import type { Schema } from '../kinds/schema.ts'
import { errorAt, type Finding, formatPath, type Path, quoted } from './finding.ts'
import { RULES_KEYWORD, UNIQUE_KEYWORD } from './json-schema.ts'
import { nearest } from './nearest.ts'

type Fields = Readonly<Record<string, Schema>>

/**
 * Makes sentences of what ajv found. Of several mistakes in one value whose wanted form is known, one sentence about
 * that form is left.
 */
export function toFindings(root: unknown, errors: readonly ErrorObject[]): Finding[] {
  const findings = new Map<string, Finding>()
  for (const error of errors) {
    const finding = toFinding(root, error)
    if (finding === undefined) continue
    const key = `${formatPath(finding.path)} ${finding.reason}`
    if (!findings.has(key)) findings.set(key, finding)
  }
  return [...findings.values()]
}

/** @returns `undefined` for what another error says already */
function toFinding(root: unknown, error: ErrorObject): Finding | undefined {
  const path = toPath(root, error.instancePath)
  switch (error.keyword) {
    case 'required':
      return errorAt([...path, String(error.params.missingProperty)], 'is missing')
    case 'additionalProperties':
      return unknownField(
        path,
        String(error.params.additionalProperty),
        error.parentSchema?.properties as Fields | undefined,
      )
    case 'propertyNames':
      return undefined
    case UNIQUE_KEYWORD:
      return repeated(path, error.params as Repeated)
    case RULES_KEYWORD:
      return brokenRule(path, error)
    default:
      return error.propertyName === undefined ? wrongValue(path, error) : wrongName(path, error)
  }
}

function unknownField(path: Path, name: string, known: Fields = {}): Finding {
  const meant = nearest(name, Object.keys(known))
  const remedy = meant === undefined ? `known here: ${Object.keys(known).join(', ')}` : `did you mean ${meant}?`
  return errorAt([...path, name], 'is not a known field', remedy)
}

interface Repeated {
  readonly index: number
  readonly first: number
  readonly fields: readonly string[]
  readonly values: readonly unknown[]
}

function repeated(path: Path, { index, first, fields, values }: Repeated): Finding {
  const [field] = fields
  const where: Path = fields.length === 1 ? [...path, index, field!] : [...path, index]
  const what = values.map((value, i) => [fields[i], quoted(value)].filter(Boolean).join(' ')).join(' and ')
  return errorAt(where, `${what} is given by ${formatPath([...path, first])} already`)
}

function brokenRule(path: Path, error: ErrorObject): Finding {
  if (schemaOf(error)['x-heddle-expected'] !== undefined) return wrongValue(path, error)
  const fieldPath = String(error.params.fieldPath)
  return errorAt(fieldPath === '' ? path : [...path, fieldPath.slice(1)], String(error.message))
}

function wrongName(path: Path, error: ErrorObject): Finding {
  const name = String(error.propertyName)
  return errorAt([...path, name], `expected ${describe(schemaOf(error))}, got ${quoted(name)}`)
}

function wrongValue(path: Path, error: ErrorObject): Finding {
  const schema = schemaOf(error)
  const got = schema['x-heddle-sensitive'] === true ? typeName(error.data) : describeGot(error.data)
  return errorAt(path, `expected ${describe(schema)}, got ${got}`, remedyFor(schema, error.data))
}

function describeGot(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`
  return value === null ? 'nothing' : quoted(value)
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (value === null) return 'nothing'
  return { object: 'a map', number: 'a number', boolean: 'true or false' }[typeof value as string] ?? 'other text'
}

/** What a schema wants, to come after "expected". */
function describe(schema: Schema): string {
  const { 'x-heddle-expected': expected, enum: choices, type } = schema
  if (expected !== undefined) return expected
  if (choices !== undefined) return choices.length === 1 ? String(choices[0]) : `one of ${choices.join(', ')}`
  switch (type) {
    case 'integer':
      return `a whole number${describeRange(schema.minimum, schema.maximum)}`
    case 'string':
      return schema.format === 'date-time' ? 'a time such as 2026-01-31T12:00:00Z' : `text${describeLength(schema)}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return `a list${describeSize(schema.minItems, schema.maxItems)}`
    default:
      return `a map of fields${describeSize(undefined, schema.maxProperties)}`
  }
}

function describeRange(minimum: number | undefined, maximum: number | undefined): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`
  return minimum === undefined ? '' : ` of at least ${minimum}`
}

function describeLength({ minLength, maxLength }: Schema): string {
  if (maxLength === undefined) return ''
  return minLength === undefined ? ` of at most ${maxLength} characters` : ` of ${minLength} to ${maxLength} characters`
}

function describeSize(least: number | undefined, most: number | undefined): string {
  const parts = [least !== undefined && `at least ${least}`, most !== undefined && `at most ${most}`].filter(Boolean)
  return parts.length === 0 ? '' : ` of ${parts.join(' and ')}`
}

/** YAML reads 1 as a number and "1" as text: the usual slip, both ways. */
function remedyFor(schema: Schema, value: unknown): string | undefined {
  if (schema.enum !== undefined) return meantChoice(schema.enum, value)
  const isScalar = typeof value === 'number' || typeof value === 'boolean'
  if (schema.type === 'string' && isScalar) return 'write it in quotes'
  if (schema.type === 'integer' && typeof value === 'string' && /^-?\d+$/.test(value)) return 'write it without quotes'
  if (schema.type === 'boolean' && (value === 'true' || value === 'false')) return 'write it without quotes'
  return undefined
}

function meantChoice(choices: NonNullable<Schema['enum']>, value: unknown): string | undefined {
  const meant = typeof value === 'string' ? nearest(value, choices.map(String)) : undefined
  return meant === undefined ? undefined : `did you mean ${meant}?`
}

function schemaOf(error: ErrorObject): Schema {
  return (error.parentSchema ?? {}) as Schema
}

/** A JSON pointer (RFC 6901) as a path; list entries are told from fields by looking at the value. */
function toPath(root: unknown, pointer: string): Path {
  const path: (string | number)[] = []
  let value: unknown = root
  for (const written of pointer.split('/').slice(1)) {
    const step = written.replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(Array.isArray(value) ? Number(step) : step)
    value = (value as Readonly<Record<string, unknown>> | undefined)?.[step]
  }
  return path
}
