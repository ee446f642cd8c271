import type { Schema } from '../kinds/schema.ts'

/** Keywords that this package adds to JSON Schema; ajv is taught them in `check-schema.ts`. */
export const RULES_KEYWORD = 'x-kubernetes-validations'
export const UNIQUE_KEYWORD = 'x-heddle-unique'
export const ANNOTATIONS = ['x-heddle-expected', 'x-heddle-sensitive', 'x-heddle-level'] as const

/** The schema as ajv takes it: objects closed, names of map entries checked, what is only to be read left out. */
export function toJsonSchema(schema: Schema): Record<string, unknown> {
  const { description: _, properties, additionalProperties, items, ...rest } = schema
  const {
    'x-kubernetes-int-or-string': isIntOrString,
    'x-kubernetes-preserve-unknown-fields': isOpen,
    'x-heddle-keys': keys,
    'x-heddle-no-effect': _noEffect,
    ...kept
  } = rest
  return {
    ...kept,
    ...(isIntOrString && { type: ['integer', 'string'] }),
    ...(properties !== undefined && { properties: mapValues(properties, toJsonSchema) }),
    ...(properties !== undefined && isOpen !== true && { additionalProperties: false }),
    ...(additionalProperties !== undefined && { additionalProperties: toJsonSchema(additionalProperties) }),
    ...(items !== undefined && { items: toJsonSchema(items) }),
    ...(keys !== undefined && { propertyNames: toJsonSchema(keys) }),
  }
}

function mapValues<T, U>(values: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]))
}
