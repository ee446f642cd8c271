import type { Schema } from '../kinds/schema.ts'
import { type Finding, type Path, quoted, warningAt } from './finding.ts'

/** Warns of every field that is legal but changes nothing in the mesh. */
export function findNoEffect(schema: Schema, value: unknown, path: Path = []): Finding[] {
  const { 'x-heddle-no-effect': noEffect, properties, items } = schema
  if (noEffect !== undefined) {
    if (isNothing(value) || noEffect.except?.includes(value) === true) return []
    const what = typeof value === 'object' ? 'has no effect' : `${quoted(value)} has no effect`
    return [warningAt(path, `${what}: ${noEffect.reason}`)]
  }
  if (items !== undefined && Array.isArray(value)) {
    return value.flatMap((item, i) => findNoEffect(items, item, [...path, i]))
  }
  if (properties === undefined || typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, field]) => {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined
    return known === undefined ? [] : findNoEffect(known, field, [...path, name])
  })
}

/** Asks for nothing, so nothing need be said. */
function isNothing(value: unknown): boolean {
  return value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
}
