import type { DecisionRecord } from '@heddle/api/discovery/decision'
import { decideRoute } from '@heddle/engine/route/decide'
import { createRequestFacts, type RequestFacts } from '@heddle/engine/route/request'
import type { RouteTable } from '@heddle/engine/route/table'

/** What a proxy writes in the place of a value that may be secret. */
const HIDDEN = '(hidden)'

/** The request of a record, as routing looks at it. */
export function recordedFacts({ request }: DecisionRecord): RequestFacts {
  const { method = 'GET', path = '/', authority = '', headers = [] } = request ?? {}
  return createRequestFacts({
    method,
    path,
    authority,
    headers: headers.map(({ name, value }) => [name, value] as const),
  })
}

/** Whether a rule of the table asks for a header whose value the record hides: then nobody can tell what would become of it. */
export function isHiddenFrom(table: RouteTable, { request }: DecisionRecord): boolean {
  const hidden = new Set(
    (request?.headers ?? []).filter(({ value }) => value === HIDDEN).map(({ name }) => name.toLowerCase()),
  )
  if (hidden.size === 0) return false
  const names = table.matches.flatMap(({ headers }) => headers.map(({ name }) => name))
  const hasSessions = table.rules.some(({ session }) => session !== undefined)
  return names.some((name) => hidden.has(name)) || (hasSessions && hidden.has('cookie'))
}

/** The number to draw with so that the backend is `key` again, where the rule still has it. */
export function pointOf(table: RouteTable, facts: RequestFacts, key: string): number {
  const decision = decideRoute(table, facts, { random: () => 0, nowMs: () => 0 })
  const { backends = [], totalWeight = 0 } = ('rule' in decision && decision.rule) || {}
  let passed = 0
  for (const backend of backends) {
    if (backend.key === key && backend.weight > 0) return (passed + backend.weight / 2) / totalWeight
    passed += backend.weight
  }
  return 0
}
