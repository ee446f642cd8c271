import type { Schema } from '@heddle/api/kinds/schema'
import type { ValueTree } from './override.ts'

/** What `--set` says, as the tree of values that a file would have. */
export type SettingReading =
  | { readonly kind: 'read'; readonly values: ValueTree }
  | { readonly kind: 'wrong'; readonly reason: string }

/**
 * Reads `NAME=VALUE`, such as `control.replicas=3`. A dot within a name is written `\.`. Items of a list have commas between; what
 * is made of maps is written as JSON.
 *
 * @param schema - by it text is told from numbers
 */
export function parseSetting(text: string, schema: Schema): SettingReading {
  const at = text.indexOf('=')
  if (at <= 0) return { kind: 'wrong', reason: 'expected NAME=VALUE, such as control.replicas=3' }
  const path = splitName(text.slice(0, at))
  if (path.includes('')) return { kind: 'wrong', reason: 'a part of the name is empty' }
  const value = toValue(text.slice(at + 1), schemaAt(schema, path))
  if (value === undefined) return { kind: 'wrong', reason: 'expected JSON, such as [{"key": "dedicated"}]' }
  return { kind: 'read', values: path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as ValueTree }
}

function splitName(name: string): readonly string[] {
  return name.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.'))
}

function schemaAt(schema: Schema, path: readonly string[]): Schema | undefined {
  return path.reduce<Schema | undefined>((at, name) => at?.properties?.[name] ?? at?.additionalProperties, schema)
}

/** What is of a wrong type stays text: whoever checks it against the schema says so. */
function toValue(text: string, schema: Schema | undefined): unknown {
  switch (schema?.type) {
    case 'integer':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : text
    case 'boolean':
      return text === 'true' || text === 'false' ? text === 'true' : text
    case 'array':
      return schema.items?.type === 'string' ? splitItems(text) : fromJson(text)
    case 'object':
      return fromJson(text)
    default:
      return text
  }
}

/** `a,b`, and in braces as Helm has it. */
function splitItems(text: string): readonly string[] {
  const inner = text.startsWith('{') && text.endsWith('}') ? text.slice(1, -1) : text
  return inner === '' ? [] : inner.split(',').map((item) => item.trim())
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
