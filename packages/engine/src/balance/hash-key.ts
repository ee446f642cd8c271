import type { HashSourceJson } from '@heddle/api/discovery/policy'
import { readQueryParam } from '../route/query-param.ts'
import { readCookie } from '../route/read-cookie.ts'
import type { FieldFacts } from '../route/request-facts.ts'

/** What the key of a request is read from. */
export interface HashFacts {
  readonly fields: FieldFacts
  /** With its query. */
  readonly path: string
  /** The client's identity where it has proved one, else its address. */
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
