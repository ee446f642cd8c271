import fc from 'fast-check'

/** What of a structural schema (OpenAPI v3 as in a CRD) values are made of. */
export interface ArbitrarySchema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, ArbitrarySchema>>
  readonly items?: ArbitrarySchema
  readonly additionalProperties?: ArbitrarySchema
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
}

const MOST_ITEMS = 3
/** Few, so that two values of one list are often the same. */
const WORDS = [
  'a',
  'b',
  'service',
  'Service',
  '/',
  '/a',
  '/a/',
  '//a',
  '/a/../b',
  '/a#',
  '/%2f',
  '/é',
  'x y',
  '*',
  '10.0.0.7',
  '80',
  '',
]
const NUMBERS = [-1, 0, 1, 2, 80, 100, 301, 404, 65_535]

/** Changes the values of a part before they are used in a whole. */
export type Refine = (part: ArbitrarySchema, values: fc.Arbitrary<unknown>) => fc.Arbitrary<unknown>

/**
 * Values that have the types of a schema. Text and numbers are small and often right, so that rules over several fields are tried
 * rather than single fields; at times they are not, since the types are all that is promised.
 */
export function valuesOf(schema: ArbitrarySchema, refine: Refine = (_, values) => values): fc.Arbitrary<unknown> {
  if (schema['x-kubernetes-int-or-string'] === true) return fc.oneof(text(schema), numbers(schema))
  switch (schema.type) {
    case 'object':
      return fields(schema, refine)
    case 'array':
      return list(schema, refine)
    case 'integer':
      return numbers(schema)
    case 'boolean':
      return fc.boolean()
    case 'string':
      return text(schema)
    default:
      return fc.constant('a')
  }
}

/** Often with one item twice. */
function list(
  { items = {}, minItems = 0, maxItems = MOST_ITEMS }: ArbitrarySchema,
  refine: Refine,
): fc.Arbitrary<unknown> {
  const maxLength = Math.min(maxItems, MOST_ITEMS)
  const values = fc.array(refine(items, valuesOf(items, refine)), {
    minLength: Math.min(minItems, maxLength),
    maxLength,
  })
  return fc.tuple(values, fc.boolean()).map(([drawn, isTwice]) => (isTwice ? [...drawn, ...drawn.slice(0, 1)] : drawn))
}

/** With any of the fields that are not needed, or with one of them at most. */
function fields({ properties = {}, required = [] }: ArbitrarySchema, refine: Refine): fc.Arbitrary<unknown> {
  const values = Object.entries(properties).map(
    ([name, field]) => [name, refine(field, valuesOf(field, refine))] as const,
  )
  const optional = values.map(([name]) => name).filter((name) => !required.includes(name))
  const only = (one: string | undefined) =>
    fc.record(Object.fromEntries(values.filter(([name]) => name === one || required.includes(name))), {
      noNullPrototype: true,
    })
  const any = fc.record(Object.fromEntries(values), { requiredKeys: [...required], noNullPrototype: true })
  return fc.oneof(any, ...[undefined, ...optional].map(only))
}

function numbers({ enum: choices, minimum = 0, maximum = 1000 }: ArbitrarySchema): fc.Arbitrary<unknown> {
  if (choices !== undefined) return fc.constantFrom(...choices)
  const inside = NUMBERS.filter((number) => number >= minimum && number <= maximum)
  return fc.constantFrom(...inside, minimum, minimum + 1)
}

function text({
  enum: choices,
  pattern,
  format,
  minLength = 0,
  maxLength = 1000,
}: ArbitrarySchema): fc.Arbitrary<unknown> {
  if (choices !== undefined) return fc.constantFrom(...choices)
  if (format === 'date-time') return fc.constantFrom('2026-01-31T12:00:00Z', '2027-01-31T12:00:00Z')
  if (pattern?.includes('(h|m|s|ms)') === true)
    return fc.constantFrom('0s', '1ms', '250ms', '1s', '1m30s', '2h', '99999h')
  const regular = pattern === undefined ? undefined : new RegExp(pattern, 'u')
  const fitting = WORDS.filter(
    (word) => word.length >= minLength && word.length <= maxLength && (regular?.test(word) ?? true),
  )
  return fc.constantFrom(...(fitting.length === 0 ? WORDS : fitting))
}
