import { checkSchema } from '@heddle/api/manifest/check-schema'
import { formatPath, type Path } from '@heddle/api/manifest/finding'
import { isMap } from '@heddle/base/is-map'
import type { InstallValues } from './install-values.ts'
import { installValuesSchema } from './install-values-schema.ts'
import { keepKnownValues } from './known-values.ts'
import { DEFAULT_VALUES, mergeValues, type ValueTree } from './override.ts'
import { readValueTree } from './read-value-tree.ts'

/** The values of an installation as far as this version can use them. */
export interface UsableValues {
  readonly values: InstallValues
  /** What has its default instead, and why: one sentence each. */
  readonly unused: readonly string[]
  /** Whether it is a map in YAML at all; if not, all values are defaults. */
  readonly isReadable: boolean
}

const SCHEMA = { schema: installValuesSchema }
/** Each turn takes out at least one value; nobody writes so many that are wrong. */
const MAX_TURNS = 50

/**
 * Reads values that another version may have written: while one replaces the other, the older one reads what was said to the newer. What
 * this version does not know, or cannot use, has its default; never throws.
 */
export function readUsableValues(text: string): UsableValues {
  const tree = readValueTree(text)
  const { values, unknown } = keepKnownValues(tree ?? {})
  const unused = unknown.map((name) => `${name} is not a value of this version`)
  if (tree === undefined) unused.push('the whole of it: it is no map in YAML')
  let usable = values
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    // Checking fills in defaults, which would count as said.
    const [error] = checkSchema(SCHEMA, structuredClone(usable))
    if (error === undefined) break
    unused.push(`${formatPath(error.path)}: ${error.reason}`)
    usable = withoutValue(usable, error.path)
  }
  return {
    values: mergeValues(DEFAULT_VALUES, usable) as unknown as InstallValues,
    unused,
    isReadable: tree !== undefined,
  }
}

/** A list with a wrong entry goes as a whole. */
function withoutValue(values: ValueTree, [name, ...rest]: Path): ValueTree {
  if (typeof name !== 'string') return {}
  const { [name]: value, ...others } = values
  if (rest.length === 0 || !isMap(value) || typeof rest[0] === 'number') return others
  return { ...others, [name]: withoutValue(value, rest) }
}
