import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf'
import { ServiceSchema } from '@heddle/api/discovery'
import { expect, test } from 'vitest'
import { ATTACHED_FIELDS, checkAttached } from './attached-fields.ts'

function typeOf(field: DescField): string {
  if (field.fieldKind === 'message') return field.message.name
  if (field.fieldKind === 'list') {
    if (field.listKind === 'message') return `${field.message.name}[]`
    return field.listKind === 'scalar' && field.scalar !== ScalarType.STRING ? 'number[]' : 'text[]'
  }
  if (field.fieldKind !== 'scalar' || field.scalar === ScalarType.STRING || field.scalar === ScalarType.INT64)
    return 'text'
  return field.scalar === ScalarType.BOOL ? 'flag' : 'number'
}

function fieldsOf(message: DescMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(message.fields.map((field) => [field.jsonName, typeOf(field)]))
}

/** Every message that hangs from `message`. */
function gather(message: DescMessage, known: Map<string, DescMessage>): void {
  if (known.has(message.name)) return
  known.set(message.name, message)
  for (const { message: part } of message.fields) if (part !== undefined) gather(part, known)
}

test('ATTACHED_FIELDS says what the messages say', () => {
  const names = Object.keys(ATTACHED_FIELDS.Attached)
  const attached = ServiceSchema.fields.filter(({ jsonName }) => names.includes(jsonName))
  expect(Object.fromEntries(attached.map((field) => [field.jsonName, typeOf(field)]))).toEqual(ATTACHED_FIELDS.Attached)
  const messages = new Map<string, DescMessage>()
  for (const { message } of attached) gather(message!, messages)
  const { Attached, ...others } = ATTACHED_FIELDS
  expect(Object.fromEntries(Array.from(messages, ([name, message]) => [name, fieldsOf(message)]))).toEqual(others)
})

test('checkAttached() names every field that is not known or not of its sort', () => {
  const problems: string[] = []
  const matches = [{ path: { value: 7 }, hedaers: [] }]
  const value = { routes: [{ kind: 'ROUTE_KIND_HTTP', rules: [{ matches, requestTimeoutMs: -1 }] }, 'x'], faults: {} }
  checkAttached(value, 'destinations[0]', {
    report: (path, text) => problems.push(`${path}: ${text}`),
    unknownFields: 'refused',
  })
  expect(problems).toEqual([
    'destinations[0].routes[0].rules[0].matches[0].path.value: expected a text',
    'destinations[0].routes[0].rules[0].matches[0].hedaers: unknown field; known are path, method, headers, queryParams, grpc, serverNames',
    'destinations[0].routes[0].rules[0].requestTimeoutMs: expected a whole number',
    'destinations[0].routes[1]: expected an object',
    'destinations[0].faults: expected a list',
  ])
})
