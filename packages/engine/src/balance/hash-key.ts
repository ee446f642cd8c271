import type { HashSourceJson } from '@heddle/api/discovery/policy'
import { readQueryParam } from '../route/query-param.ts'
import type { FieldFacts } from '../route/request-facts.ts'

/** What the key of a request is read from. */
export interface HashFacts {
  readonly fields: FieldFacts
  /** With its query. */
  readonly path: string
  /** The client's address, or its identity where that is not known. */
  readonly source: string
}

/**
 * What ring hash and maglev hash of a request: the first of `sources` that it has.
 *
 * @returns `undefined`: it has none of them
 */
export function readHashKey(sources: readonly HashSourceJson[], facts: HashFacts): string | undefined {
  for (const source of sources) {
    const key = readSource(source, facts)
    if (key !== undefined && key !== '') return key
  }
  return undefined
}

function readSource(
  { header, cookie, sourceAddress, queryParam }: HashSourceJson,
  facts: HashFacts,
): string | undefined {
  if (header !== undefined) return facts.fields.get(header)
  if (cookie !== undefined) return readCookie(facts.fields, cookie)
  if (queryParam !== undefined) return readQueryParam(facts.path, queryParam)
  return sourceAddress === true ? facts.source : undefined
}

/** RFC 6265 §4.2.1. HTTP/2 may spread cookies over several fields: RFC 9113 §8.2.3. */
function readCookie(fields: FieldFacts, name: string): string | undefined {
  for (const line of fields.getAll('cookie')) {
    for (const pair of line.split(';')) {
      const equals = pair.indexOf('=')
      if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim()
    }
  }
  return undefined
}
