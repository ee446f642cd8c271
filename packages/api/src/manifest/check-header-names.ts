import { type Finding, type Path, warningAt } from './finding.ts'

/** Fields that hold a list of headers by name. */
const HEADER_LISTS: ReadonlySet<string> = new Set(['headers', 'set', 'add'])

/**
 * Warns of headers that are named twice in different case: the first one counts.
 *
 * @param value - the spec of a route or policy that conforms to its schema
 */
export function checkHeaderNames(value: unknown, path: Path = ['spec']): Finding[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => checkHeaderNames(item, [...path, i]))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([field, nested]) => {
    const at = [...path, field]
    return HEADER_LISTS.has(field) && Array.isArray(nested) ? repeated(nested, at) : checkHeaderNames(nested, at)
  })
}

function repeated(items: readonly { readonly name: string }[], path: Path): Finding[] {
  const seen = new Map<string, string>()
  return items.flatMap(({ name }, i) => {
    const first = seen.get(name.toLowerCase())
    if (first === undefined) seen.set(name.toLowerCase(), name)
    if (first === undefined) return []
    return warningAt(
      [...path, i, 'name'],
      `has no effect: ${name} is the same header as ${first}, which comes before it`,
    )
  })
}
