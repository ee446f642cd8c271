import { isDeepStrictEqual } from 'node:util'
import type { Schema } from '@heddle/api/kinds/schema'
import { isMap } from '@heddle/base/is-map'
import { installValuesSchema } from './install-values-schema.ts'

/** Values as files have them: maps of maps, lists and words. */
export type ValueTree = Readonly<Record<string, unknown>>

/** What every value is unless something else is said. */
export const DEFAULT_VALUES: ValueTree = defaultsOf(installValuesSchema)

function defaultsOf(schema: Schema): ValueTree {
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, field]) => {
      return [name, field.properties === undefined ? field.default : defaultsOf(field)]
    }),
  )
}

/** Lays `over` on `under`: maps are merged, everything else is replaced. */
export function mergeValues(under: ValueTree, over: ValueTree): ValueTree {
  const merged: Record<string, unknown> = { ...under }
  for (const [name, value] of Object.entries(over)) {
    const below = merged[name]
    merged[name] = isMap(below) && isMap(value) ? mergeValues(below, value) : value
  }
  return merged
}

/** What is not as it is in `usual`, by default as it is by default: laid on that it gives `values` again. */
export function overridesOf(values: object, usual: object = DEFAULT_VALUES): ValueTree {
  return differences(values as ValueTree, usual as ValueTree)
}

function differences(values: ValueTree, defaults: ValueTree): ValueTree {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => {
      const usual = defaults[name]
      if (!isMap(value) || !isMap(usual)) return isDeepStrictEqual(value, usual) ? [] : [[name, value]]
      const inner = differences(value, usual)
      return Object.keys(inner).length === 0 ? [] : [[name, inner]]
    }),
  )
}
