import { formatNameKey } from '@heddle/api/destination-key'
import type { DecisionRecord } from '@heddle/api/discovery/decision'
import { explainRoute } from '@heddle/engine/route/explain'
import type { RouteExplanation } from '@heddle/engine/route/explanation'
import { formatExplanation, formatOtherRules } from '@heddle/engine/route/format-explanation'
import type { ControlClient } from '../../client/control-client.ts'
import { compileDestination } from '../routing/destination-routing.ts'
import { isHiddenFrom, pointOf, recordedFacts } from '../routing/recorded-request.ts'
import { type BackendFacts, findBackend, NOTHING_RECENT } from './backend-facts.ts'
import { describeBackend } from './describe-backend.ts'

/** A record with what the routes in force now make of its request. */
export interface ExplainedRecord {
  readonly record: DecisionRecord
  /** `undefined`: no routes for requests have a say there. */
  readonly explanation: RouteExplanation | undefined
  /** Whether the present routes would decide otherwise than the proxy did. */
  readonly hasChanged: boolean
  /** Whether a rule asks for a header whose value the record hides. */
  readonly isUncertain: boolean
  /** Of a request that found no endpoint: those that there are now. */
  readonly backend: BackendFacts | undefined
}

/** Explains a record by what the control plane tells clients of its namespace now. */
export async function explainRecord(client: ControlClient, record: DecisionRecord): Promise<ExplainedRecord> {
  const nothing = { record, explanation: undefined, hasChanged: false, isUncertain: false, backend: undefined }
  if (record.direction === 'inbound' || record.key === '') return nothing
  const { admin } = client
  const backend = record.error === 'no_healthy_endpoint' ? await findEmptyBackend(client, record) : undefined
  const { destination } = await admin.getDestination({ key: record.key, clientNamespace: record.namespace })
  const routing = compileDestination(destination)
  if (routing.kind !== 'requests') return { ...nothing, backend }
  const { table } = routing
  const facts = recordedFacts(record)
  const point = pointOf(table, facts, record.backend)
  const { explanation } = explainRoute(table, facts, {
    random: () => point,
    nowMs: () => Number(record.startedMs),
  })
  const [hasChanged, isUncertain] = [isOther(explanation, record), isHiddenFrom(table, record)]
  return { record, explanation, hasChanged, isUncertain, backend }
}

/** Transparent proxies record the address of a Service; its endpoints are known by its name. */
async function findEmptyBackend(client: ControlClient, record: DecisionRecord): Promise<BackendFacts | undefined> {
  const { namespace, instance } = record
  const key = record.backend || record.key
  const { destination } = await client.admin.getDestination({ key, clientNamespace: namespace })
  if (destination?.target.case !== 'service') return undefined
  const service = destination.target.value
  const { instances } = await client.admin.listWorkloads({ namespace })
  const clientHosts = [instances.find((one) => one.instance === instance)?.host ?? '']
  const known = { clientNamespace: namespace, clientHosts, recent: NOTHING_RECENT }
  return await findBackend(client, formatNameKey(service, service.port), known)
}

function isOther({ outcome }: RouteExplanation, { route, rule, backend }: DecisionRecord): boolean {
  const now = outcome.rule
  if (now === undefined) return route !== ''
  if (`${now.route.namespace}/${now.route.name}` !== route || now.ruleIndex !== rule) return true
  return outcome.backend !== undefined && backend !== '' && outcome.backend !== backend
}

/** The part of an answer to "why" that comes from the routes, and from what is behind the Service. */
export function describeExplanation(explained: ExplainedRecord): readonly string[] {
  return [
    ...describeRoutes(explained),
    ...(explained.backend === undefined ? [] : describeNow(explained.backend, explained.record)),
  ]
}

function describeRoutes({ explanation, hasChanged, isUncertain }: ExplainedRecord): readonly string[] {
  if (explanation === undefined) return []
  const doubt = isUncertain ? ['(a rule asks for a header whose value the record hides: this may not be so)'] : []
  if (!hasChanged) return [...doubt, ...formatOtherRules(explanation)]
  const [, ...lines] = formatExplanation(explanation)
  return ['The routes have changed since. Now the same request:', ...[...doubt, ...lines].map((line) => `  ${line}`)]
}

function describeNow(backend: BackendFacts, record: DecisionRecord): readonly string[] {
  return ['Now:', ...describeBackend(backend, recordedFacts(record)).map((line) => `  ${line}`)]
}
