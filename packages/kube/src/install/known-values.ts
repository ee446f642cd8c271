import type { Schema } from '@heddle/api/kinds/schema'
import { isMap } from '@heddle/base/is-map'
import { installValuesSchema } from './install-values-schema.ts'
import type { ValueTree } from './override.ts'

/** Values that were said to another version: those that this one knows, and the names of the others. */
export interface KnownValues {
  readonly values: ValueTree
  readonly unknown: readonly string[]
}

/** Takes out of `values` what this version does not know any more. */
export function keepKnownValues(values: ValueTree): KnownValues {
  return keepFields(values, installValuesSchema, '')
}

function keepFields(values: ValueTree, { properties }: Schema, prefix: string): KnownValues {
  if (properties === undefined) return { values, unknown: [] }
  const kept: Record<string, unknown> = {}
  const unknown: string[] = []
  for (const [name, value] of Object.entries(values)) {
    const field = properties[name]
    if (field === undefined) {
      unknown.push(`${prefix}${name}`)
      continue
    }
    const inner = isMap(value) ? keepFields(value, field, `${prefix}${name}.`) : { values: value, unknown: [] }
    kept[name] = inner.values
    unknown.push(...inner.unknown)
  }
  return { values: kept, unknown }
}
