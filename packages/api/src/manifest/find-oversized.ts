import type { Schema } from '../kinds/schema.ts'
import { errorAt, type Finding, type Path } from './finding.ts'

/** Above its limit so many times over a list or map is nobody's slip, and all else about it may be left unsaid. */
const TIMES_TOO_LARGE = 4
/** Of lists and maps whose schema gives no limit. */
const MOST_ENTRIES = 4_096
/** Beside those that are known, in a map of fields. */
const MOST_UNKNOWN_FIELDS = 256

/**
 * Lists and maps that are far too large. To be looked at before all else: what compares entries with each other takes hours for
 * hundreds of thousands, and whoever may ask the webhook can send as many.
 */
export function findOversized(schema: Schema, value: unknown, path: Path = []): Finding[] {
  if (Array.isArray(value)) {
    const { items, maxItems } = schema
    if (value.length > mostOf(maxItems)) return [tooLarge(path, `a list of ${value.length}`, maxItems)]
    return items === undefined ? [] : value.flatMap((item, at) => findOversized(items, item, [...path, at]))
  }
  if (typeof value !== 'object' || value === null) return []
  return ofMap(schema, value as Readonly<Record<string, unknown>>, path)
}

function ofMap(schema: Schema, value: Readonly<Record<string, unknown>>, path: Path): Finding[] {
  const { properties, additionalProperties, maxProperties } = schema
  const names = Object.keys(value)
  if (properties === undefined) {
    if (names.length > mostOf(maxProperties)) return [tooLarge(path, `a map of ${names.length}`, maxProperties)]
    if (additionalProperties === undefined) return []
    return names.flatMap((name) => findOversized(additionalProperties, value[name], [...path, name]))
  }
  const known = Object.keys(properties)
  if (names.length > known.length + MOST_UNKNOWN_FIELDS) {
    return [tooLarge(path, `a map of ${names.length} fields`, known.length)]
  }
  return names.flatMap((name) => {
    return Object.hasOwn(properties, name) ? findOversized(properties[name]!, value[name], [...path, name]) : []
  })
}

function mostOf(limit: number | undefined): number {
  return limit === undefined ? MOST_ENTRIES : limit * TIMES_TOO_LARGE
}

function tooLarge(path: Path, what: string, limit = MOST_ENTRIES): Finding {
  return errorAt(path, `${what} is far too large: at most ${limit}`)
}
