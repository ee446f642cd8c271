import type { Schema } from '@heddle/api/kinds/schema'
import type { Difference } from './crd-differences.ts'
import type { CrdSchema } from './crd-schema.ts'

/** A field of a CRD, or of ours, with what differs. */
export interface FieldComparison {
  /** `HTTPRoute v1 spec.rules[].matches[].path`. */
  readonly path: string
  /** One line for each keyword that differs; empty when the two agree. */
  readonly differences: readonly string[]
}

const KEYWORDS = [
  'type',
  'format',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'default',
  'required',
] as const

/**
 * Compares our schema with that of a CRD, field by field.
 *
 * @param expected - what differs on purpose
 * @param used - the expected differences that there are are put into it
 */
export function compareFields(
  [ours, theirs]: readonly [Schema | undefined, CrdSchema | undefined],
  path: string,
  context: { readonly expected: readonly Difference[]; readonly used: Set<Difference> },
): FieldComparison[] {
  const isExpected = (keyword: string): boolean => {
    const found = context.expected.find(({ field, keywords }) => isField(path, field) && keywords.includes(keyword))
    if (found !== undefined) context.used.add(found)
    return found !== undefined
  }
  if (ours === undefined || theirs === undefined) {
    const where = ours === undefined ? 'is in the CRD only' : 'is in our schema only'
    return [{ path, differences: isExpected('field') ? [] : [where] }]
  }
  const differences = KEYWORDS.flatMap((keyword) => {
    const [own, other] = [written(ours[keyword]), written(theirs[keyword])]
    return own === other || isExpected(keyword) ? [] : `${keyword}: ours is ${own}, the CRD's ${other}`
  })
  const own: FieldComparison = { path, differences }
  if (ours['x-kubernetes-preserve-unknown-fields'] === true && isExpected('field')) return [own]
  const names = new Set([...Object.keys(ours.properties ?? {}), ...Object.keys(theirs.properties ?? {})])
  const nested = [...names].flatMap((name) =>
    compareFields([ours.properties?.[name], theirs.properties?.[name]], `${path}.${name}`, context),
  )
  if (ours.items === undefined && theirs.items === undefined) return [own, ...nested]
  return [own, ...nested, ...compareFields([ours.items, theirs.items], `${path}[]`, context)]
}

function isField(path: string, end: string): boolean {
  return path.replaceAll('[]', '').endsWith(end)
}

/** Lists of names have no order. */
function written(value: unknown): string {
  const isNames = Array.isArray(value) && value.every((item) => typeof item !== 'object')
  return JSON.stringify(isNames ? value.toSorted() : value) ?? 'absent'
}
