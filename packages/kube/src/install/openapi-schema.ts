import type { Rule, Schema } from '@heddle/api/kinds/schema'

/** A schema as a CustomResourceDefinition carries it. */
export type OpenApiSchema = Readonly<Record<string, unknown>>

/**
 * The structural schema of `schema`: what only Heddle reads is left out, unique items become Kubernetes' own list types, and rules
 * keep their CEL alone.
 *
 * @throws {Error} for a rule without CEL, which an API server could not enforce
 */
export function toOpenApi(schema: Schema): OpenApiSchema {
  const kept = Object.entries(schema).filter(([keyword]) => !isTranslated(keyword))
  const { properties, items, additionalProperties, 'x-kubernetes-validations': rules } = schema
  return {
    ...Object.fromEntries(kept),
    ...(properties !== undefined && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, toOpenApi(field)])),
    }),
    ...(items !== undefined && { items: toOpenApi(items) }),
    ...(additionalProperties !== undefined && { additionalProperties: toOpenApi(additionalProperties) }),
    ...listType(schema),
    ...(rules !== undefined && { 'x-kubernetes-validations': rules.map(toCelRule) }),
  }
}

function isTranslated(keyword: string): boolean {
  return keyword.startsWith('x-heddle-') || TRANSLATED.has(keyword)
}

const TRANSLATED: ReadonlySet<string> = new Set([
  'properties',
  'items',
  'additionalProperties',
  'x-kubernetes-validations',
])

/** Lists that are sets of words, or maps by one field: server-side apply merges them item by item, and refuses a second of the same. */
function listType(schema: Schema): OpenApiSchema {
  const [fields] = schema['x-heddle-unique'] ?? []
  if (fields === undefined) return {}
  if (fields.length === 0) return { 'x-kubernetes-list-type': 'set' }
  return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': fields }
}

function toCelRule({ rule, message, fieldPath }: Rule): OpenApiSchema {
  if (rule === undefined) throw new Error(`the rule "${message}" has no CEL`)
  return { rule, message, ...(fieldPath !== undefined && { fieldPath }) }
}
