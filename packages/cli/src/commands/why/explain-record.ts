import type { DecisionRecord } from '@heddle/api/discovery/decision'
import { explainRoute } from '@heddle/engine/route/explain'
import type { RouteExplanation } from '@heddle/engine/route/explanation'
import { formatExplanation, formatOtherRules } from '@heddle/engine/route/format-explanation'
import type { ControlClient } from '../../client/control-client.ts'
import { compileDestination } from '../routing/destination-routing.ts'
import { isHiddenFrom, pointOf, recordedFacts } from '../routing/recorded-request.ts'

/** A record with what the routes in force now make of its request. */
export interface ExplainedRecord {
  readonly record: DecisionRecord
  /** `undefined`: no routes for requests have a say there. */
  readonly explanation: RouteExplanation | undefined
  /** Whether the present routes would decide otherwise than the proxy did. */
  readonly hasChanged: boolean
  /** Whether a rule asks for a header whose value the record hides. */
  readonly isUncertain: boolean
}

/** Explains a record by what the control plane tells clients of its namespace now. */
export async function explainRecord({ admin }: ControlClient, record: DecisionRecord): Promise<ExplainedRecord> {
  const nothing = { record, explanation: undefined, hasChanged: false, isUncertain: false }
  if (record.direction === 'inbound' || record.key === '') return nothing
  const { destination } = await admin.getDestination({ key: record.key, clientNamespace: record.namespace })
  const routing = compileDestination(destination)
  if (routing.kind !== 'requests') return nothing
  const { table } = routing
  const facts = recordedFacts(record)
  const point = pointOf(table, facts, record.backend)
  const { explanation } = explainRoute(table, facts, {
    random: () => point,
    nowMs: () => Number(record.startedMs),
  })
  return { record, explanation, hasChanged: isOther(explanation, record), isUncertain: isHiddenFrom(table, record) }
}

function isOther({ outcome }: RouteExplanation, { route, rule, backend }: DecisionRecord): boolean {
  const now = outcome.rule
  if (now === undefined) return route !== ''
  if (`${now.route.namespace}/${now.route.name}` !== route || now.ruleIndex !== rule) return true
  return outcome.backend !== undefined && backend !== '' && outcome.backend !== backend
}

/** The part of an answer to "why" that comes from the routes. */
export function describeExplanation({ explanation, hasChanged, isUncertain }: ExplainedRecord): readonly string[] {
  if (explanation === undefined) return []
  const doubt = isUncertain ? ['(a rule asks for a header whose value the record hides: this may not be so)'] : []
  if (!hasChanged) return [...doubt, ...formatOtherRules(explanation)]
  const [, ...lines] = formatExplanation(explanation)
  return ['The routes have changed since. Now the same request:', ...[...doubt, ...lines].map((line) => `  ${line}`)]
}
