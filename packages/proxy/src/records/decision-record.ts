import type { AttemptRecordJson, DecisionRecordJson, RecordedHeaderJson } from '@heddle/api/discovery/decision'
import type { RouteDecision } from '@heddle/engine/route/decision'
import type { Exchange } from '../exchange/exchange.ts'
import { CLIENT_VERSION_FIELD } from '../exchange/http-version.ts'
import type { Outcome } from '../filters/filter.ts'
import type { LoggedAttempt } from '../upstream/attempt-log.ts'
import { toEndpointStates } from './endpoint-states.ts'
import { cut, showPath, showText, showValue } from './hide-secrets.ts'
import { REQUEST_ID, requestIdOf } from './request-id.ts'

/** Why a record is kept. `retried`: it went well, after a try that had not. */
export type KeptAs = 'failure' | 'retried' | 'slow' | 'sample'

/** Whose records they are. */
export interface RecordOwner {
  readonly namespace: string
  readonly workload: string
  readonly instance: string
}

const MAX_PATH = 1_024
const MAX_VALUE = 256
const MAX_NAME = 128
const MAX_HEADERS = 64
const MAX_DETAIL = 512

/** What was decided about a request that has ended, and what came of it. The id comes first: it is looked for in the text. */
export function toDecisionRecord(
  exchange: Exchange,
  outcome: Outcome,
  { owner, keptAs }: { readonly owner: RecordOwner; readonly keptAs: KeptAs },
): DecisionRecordJson & { readonly startedMs: string } {
  const { hop, fault, core } = exchange
  const show = detailShower(exchange)
  const { status, grpcStatus, error = '', detail, latencyUs } = outcome
  const lifeMs = (core.turn.nowUs() - exchange.startedUs) / 1000
  return {
    requestId: requestIdOf(exchange),
    startedMs: String(Math.round(core.clock.nowMs() - lifeMs)),
    ...owner,
    direction: hop.direction,
    key: hop.name,
    request: toRequest(exchange),
    ...toRoute(exchange.decision),
    attempts: toAttempts(exchange, outcome, show),
    status,
    ...(grpcStatus !== undefined && { grpcStatus }),
    error,
    detail: show(detail),
    durationUs: toUs(latencyUs),
    keptAs,
    peerIdentity: hop.peerIdentity,
    faults: fault === undefined ? [] : [...fault.policies],
    routing: describeRouting(exchange),
    ...toEndpointStates(exchange),
  }
}

/** As the client sent it, whatever its route made of it. */
function toRequest(exchange: Exchange): NonNullable<DecisionRecordJson['request']> {
  const { head, original, grpc, version } = exchange
  return {
    method: head.method,
    path: cut(showPath(original?.path ?? head.path), MAX_PATH),
    authority: cut(original?.authority ?? head.authority, MAX_VALUE),
    headers: toHeaders(exchange),
    protocol: grpc?.kind ?? version,
  }
}

function toHeaders({ head: { fields }, original, requestId }: Exchange): RecordedHeaderJson[] {
  const headers: RecordedHeaderJson[] = []
  let left = 0
  const add = (name: string, value: string) => {
    // It may be our own, and is told already.
    if (name === REQUEST_ID && value === requestId) return
    if (headers.length >= MAX_HEADERS) left += 1
    else headers.push({ name: cut(name, MAX_NAME), value: cut(showValue(name, value), MAX_VALUE) })
  }
  for (let at = 0; at < fields.count; at++) {
    const name = fields.nameAt(at)
    // How proxies speak to each other of a request is nothing of the request.
    if (name !== CLIENT_VERSION_FIELD && original?.fields.has(name) !== true) add(name, fields.valueAt(at))
  }
  if (original !== undefined) for (const [name, values] of original.fields) for (const value of values) add(name, value)
  if (left > 0) headers.push({ name: '(more)', value: `${left} further fields` })
  return headers
}

function toRoute(
  decision: RouteDecision | undefined,
): Pick<DecisionRecordJson, 'route' | 'rule' | 'ruleName' | 'backend'> {
  if (decision === undefined || decision.kind === 'own-endpoints' || decision.rule === undefined) return {}
  const { route, ruleIndex, name } = decision.rule
  return {
    route: `${route.namespace}/${route.name}`,
    rule: ruleIndex,
    ruleName: name,
    ...(decision.kind === 'forward' && { backend: decision.backend.key }),
  }
}

/** Whether rules had a say. */
function describeRouting({ decision, state }: Exchange): string {
  if (decision === undefined) return state === undefined ? 'undecided' : 'none'
  if (decision.kind === 'own-endpoints') return 'none'
  if (decision.rule !== undefined) return 'rule'
  return decision.kind === 'refused' && decision.cause !== 'no_match' ? 'refused' : 'no_match'
}

/** Of tries that went well nothing is logged, so that they cost nothing: the last one is known by its answer. */
function toAttempts(exchange: Exchange, outcome: Outcome, show: (detail: string) => string): AttemptRecordJson[] {
  const { attemptLog: logged = [], attempts, target, whyTarget } = exchange
  const told = logged.map((attempt) => toAttempt(attempt, show))
  if (target === undefined || attempts <= logged.length) return told
  const last = logged.at(-1)
  const startedUs = last === undefined ? 0 : last.startedUs + last.durationUs
  const { status, grpcStatus, error = '', detail } = outcome
  const attempt: LoggedAttempt = {
    endpoint: target.id,
    address: target.endpoint.name,
    startedUs,
    durationUs: Math.max(0, outcome.latencyUs - startedUs),
    status: exchange.response === undefined ? 0 : status,
    grpcStatus: exchange.response === undefined || error !== '' ? undefined : grpcStatus,
    error,
    detail,
    next: '',
    chosen: whyTarget,
  }
  return [...told, toAttempt(attempt, show)]
}

function toAttempt(attempt: LoggedAttempt, show: (detail: string) => string): AttemptRecordJson {
  const { endpoint, address, status, grpcStatus, error, detail, next, chosen } = attempt
  return {
    endpoint,
    address,
    startedUs: toUs(attempt.startedUs),
    durationUs: toUs(attempt.durationUs),
    status,
    ...(grpcStatus !== undefined && { grpcStatus }),
    error,
    detail: show(detail),
    next,
    ...(chosen !== '' && { chosen }),
  }
}

/** Some sentences about failures have the path in them. */
function detailShower({ head, original }: Exchange): (detail: string) => string {
  const paths = [head.path, ...(original === undefined ? [] : [original.path])].filter(
    (path) => showPath(path) !== path,
  )
  return (detail) => {
    const shown = paths.reduce((text, path) => text.replaceAll(path, showPath(path)), detail)
    return cut(showText(shown), MAX_DETAIL)
  }
}

function toUs(us: number): string {
  return String(Math.max(0, Math.round(us)))
}
