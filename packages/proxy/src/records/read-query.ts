import { DECISION_QUERY_LIMITS } from '@heddle/api/decision-query-limits'
import type { DecisionQueryJson } from '@heddle/api/discovery/decision'

/** A query of the admin interface, or why it is none; one sentence. */
export type ReadQuery =
  | { readonly kind: 'query'; readonly query: DecisionQueryJson }
  | { readonly kind: 'invalid'; readonly reason: string }

const { defaultRecords, mostRecords } = DECISION_QUERY_LIMITS
const MAX_KEYS = 100
const NAMES: ReadonlySet<string> = new Set(['id', 'failures', 'key', 'since', 'limit'])

/** Reads `?id=ID&failures=true&key=KEY&since=MS&limit=N`; each may be left out, `key` may come more than once. */
export function readQuery(search: URLSearchParams): ReadQuery {
  const unknown = [...search.keys()].find((name) => !NAMES.has(name))
  if (unknown !== undefined) return invalid(`${unknown}: expected ${[...NAMES].join(', ')}`)
  const limit = Number(search.get('limit') ?? defaultRecords)
  if (!Number.isInteger(limit) || limit < 1 || limit > mostRecords)
    return invalid(`limit: expected 1 to ${mostRecords}`)
  const since = search.get('since') ?? '0'
  if (!/^\d{1,15}$/.test(since)) return invalid('since: expected ms since 1970')
  const failures = search.get('failures') ?? 'false'
  if (failures !== 'true' && failures !== 'false') return invalid('failures: expected true or false')
  const keys = search.getAll('key')
  if (keys.length > MAX_KEYS) return invalid(`key: at most ${MAX_KEYS}`)
  const requestId = search.get('id') ?? ''
  return { kind: 'query', query: { requestId, failuresOnly: failures === 'true', keys, sinceMs: since, limit } }
}

function invalid(reason: string): ReadQuery {
  return { kind: 'invalid', reason }
}
