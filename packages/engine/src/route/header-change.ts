import type { HeaderChangeJson, HeaderJson } from '@heddle/api/discovery/route'
import type { CompileContext } from './field-match.ts'
import { compileHostname } from './hostname.ts'
import type { MutableFields, MutableRequest } from './request-facts.ts'

/** Changes of header fields, in the order set, add, remove. Names are lower case. */
export interface HeaderChange {
  readonly set: readonly HeaderLine[]
  readonly add: readonly HeaderLine[]
  readonly remove: readonly string[]
}

/** A field that HTTP allows; its name is in lower case, each character of its value stands for one octet. */
export interface HeaderLine {
  readonly name: string
  readonly value: string
}

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/
/** RFC 9110 §5.5, with obs-text as octets. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: TAB is one that a field may have.
const FIELD_VALUE = /^[\x09\x20-\x7e\x80-\xff]*$/
/** They do not belong to the value. RFC 9110 §5.5. */
const OUTER_BLANKS = /^[ \t]+|[ \t]+$/g

/**
 * Compiles a RequestHeaderModifier or ResponseHeaderModifier. Of several lines with one name within a list the first counts. What a
 * field cannot have is a problem here, so that nothing can fail when it is applied.
 */
export function compileHeaderChange(change: HeaderChangeJson, context: CompileContext): HeaderChange {
  return {
    set: compileLines(change.set, context),
    add: compileLines(change.add, context),
    remove: [...new Set((change.remove ?? []).map((name) => compileName(name, context)))],
  }
}

/** Applies `change` to the fields of a request or of an answer. */
export function applyHeaderChange(change: HeaderChange, fields: MutableFields): void {
  for (const { name, value } of change.set) fields.set(name, value)
  for (const { name, value } of change.add) fields.append(name, value)
  for (const name of change.remove) fields.remove(name)
}

/** As {@link applyHeaderChange}, where `host` is the authority of the request, which is never removed. */
export function applyRequestHeaderChange(change: HeaderChange, request: MutableRequest): void {
  applyHeaderChange(change, request.fields)
  for (const { name, value } of change.set) {
    if (name === 'host') request.authority = value
  }
}

function compileLines(lines: readonly HeaderJson[] | undefined, context: CompileContext): readonly HeaderLine[] {
  const byName = new Map<string, HeaderLine>()
  for (const { name: written = '', value: padded = '' } of lines ?? []) {
    const name = compileName(written, context)
    const value = padded.replace(OUTER_BLANKS, '')
    if (!FIELD_VALUE.test(value)) context.onProblem(`a header field cannot have the value of ${name}`)
    if (name === 'host') compileHostname(value, context)
    if (!byName.has(name)) byName.set(name, { name, value })
  }
  return [...byName.values()]
}

function compileName(written: string, context: CompileContext): string {
  const name = written.toLowerCase()
  if (!TOKEN.test(name)) context.onProblem(`${JSON.stringify(written)} cannot be the name of a header field`)
  return name
}
