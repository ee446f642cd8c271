import type { AttemptRecord, DecisionRecord, EndpointState } from '@heddle/api/discovery/decision'
import { GRPC_STATUS_NAMES } from '@heddle/api/grpc-status'
import { formatLatencyUs } from '../../output/latency.ts'
import { toIsoTime } from '../certificate-life.ts'
import { findErrorHelp } from './error-help.ts'

/**
 * What a proxy wrote down of a request, step by step, as lines of text.
 *
 * @param all - of every proxy, this one among them
 */
export function describeRecord(record: DecisionRecord, all: readonly DecisionRecord[]): readonly string[] {
  return [describeRequest(record), ...describeSteps(record, all).map((line) => `  ${line}`)]
}

/** `GET /items of shop/web-0 to name:cart.shop:80` */
export function describeRequest({ request, namespace, instance, direction, key }: DecisionRecord): string {
  const what = `${request?.method} ${request?.path}`
  return direction === 'inbound'
    ? `${what} at ${namespace}/${instance}`
    : `${what} of ${namespace}/${instance} to ${key}`
}

function describeSteps(record: DecisionRecord, all: readonly DecisionRecord[]): readonly string[] {
  const { requestId, startedMs, request, direction, workload, peerIdentity } = record
  const protocol = request?.protocol === undefined || request.protocol === '' ? '' : `, ${request.protocol}`
  const authority = request?.authority ? `, host ${request.authority}` : ''
  const about = `request ${requestId}, ${direction} at ${workload}, ${toIsoTime(startedMs)}${protocol}${authority}`
  if (direction === 'inbound') {
    const from = peerIdentity === '' ? 'client: without an identity' : `client: ${peerIdentity}`
    return [about, from, ...describeAttempts(record.attempts), ...describeOutcome(record, all)]
  }
  return [
    about,
    `route: ${describeRoute(record)}`,
    ...describeFaults(record),
    ...describeAttempts(record.attempts),
    ...describeEndpoints(record),
    ...describeOutcome(record, all),
  ]
}

/** Where one was passed over, or there was a choice. */
function describeEndpoints({ endpoints, furtherEndpoints }: DecisionRecord): readonly string[] {
  if (endpoints.length < 2 && endpoints.every(({ passedOver }) => passedOver === '')) return []
  const more = furtherEndpoints === 0 ? [] : [`  and ${furtherEndpoints} more`]
  return ['endpoints when it ended:', ...endpoints.map((one) => `  ${one.endpoint}: ${describeState(one)}`), ...more]
}

/** `2 requests under way, expected cost 36ms`, or why it is passed over. */
export function describeState({ passedOver, inFlight, cost }: EndpointState): string {
  if (passedOver !== '') return `passed over: ${passedOver}`
  const requests = `${inFlight} ${inFlight === 1 ? 'request' : 'requests'} under way`
  return `${requests}, cost ${formatLatencyUs(Number(cost))}`
}

/** `HTTPRoute`s and `GRPCRoute`s are not told apart in a record. */
export function describeRoute({ route, routing, rule, ruleName, backend, key, attempts }: DecisionRecord): string {
  const to = backend === '' || backend === key ? '' : `, to ${backend}`
  if (route === '') return `${UNROUTED[routing] ?? (attempts.length > 0 ? UNROUTED.none : UNROUTED.unknown)}${to}`
  return `${route}, rule ${rule + 1}${ruleName === '' ? '' : ` (${ruleName})`}${to}`
}

/** Why no rule applied, by what the record says of it; proxies of an older version say nothing. */
const UNROUTED: Readonly<Record<string, string>> & { readonly none: string; readonly unknown: string } = {
  none: 'none is attached',
  no_match: 'none fits',
  refused: 'none was chosen, for what the rules would have cost',
  undecided: 'none was looked for',
  unknown: 'none is attached, or none fits',
}

function describeFaults({ faults }: DecisionRecord): readonly string[] {
  return faults.length === 0 ? [] : [`made to go wrong on purpose by FaultPolicy ${faults.join(', ')}`]
}

function describeAttempts(attempts: readonly AttemptRecord[]): readonly string[] {
  return attempts.flatMap((attempt, at) => {
    const { endpoint, address, startedUs, durationUs, next, chosen } = attempt
    // A server's proxy has one place to send to, which is no endpoint.
    const name = endpoint === '' ? 'the application' : endpoint
    const place = address === '' ? name : `${name} (${address})`
    const times = `at ${formatLatencyUs(Number(startedUs))} for ${formatLatencyUs(Number(durationUs))}`
    const line = `try ${at + 1}: ${place}, ${times}: ${describeResult(attempt)}${next === '' ? '' : `; ${next}`}`
    return chosen === '' ? [line] : [line, `  chosen: ${chosen}`]
  })
}

interface Result {
  readonly status: number
  readonly grpcStatus?: number | undefined
  readonly error: string
  readonly detail: string
}

function describeResult({ status, grpcStatus, error, detail }: Result): string {
  const parts = [
    status === 0 ? 'no answer' : `status ${status}`,
    grpcStatus === undefined ? '' : `gRPC ${GRPC_STATUS_NAMES[grpcStatus] ?? grpcStatus}`,
    error === '' ? '' : `${error}${detail === '' ? '' : ` (${detail})`}`,
  ]
  return parts.filter((part) => part !== '').join(', ')
}

/**
 * What the client got after how long, who says so, and what to do about it.
 *
 * @param all - of every proxy, this one among them
 */
export function describeOutcome(record: DecisionRecord, all: readonly DecisionRecord[]): readonly string[] {
  const { durationUs, error, keptAs } = record
  const when = durationUs === 0n ? 'at once' : `after ${formatLatencyUs(Number(durationUs))}`
  const outcome = `outcome: ${describeResult(record)} ${when}`
  if (error !== '') return [outcome, ...describeHelp(error)]
  return keptAs === 'failure' ? [outcome, ...describeAnswerer(record, all)] : [outcome]
}

function describeHelp(error: string): readonly string[] {
  const help = findErrorHelp(error)
  if (help === undefined) return ['  the proxy is of another version: its code is not known here']
  return [`  ${help.meaning} ${help.hint}`, `  see ${help.page}`]
}

/** Whose answer the proxy has only passed on: what it got may be of the application, or of the proxy in front of that. */
function describeAnswerer(record: DecisionRecord, all: readonly DecisionRecord[]): readonly string[] {
  const server = record.direction === 'inbound' ? record : findServer(record, all)
  if (server === undefined) return ['  the endpoint answered so: see the log of its application, and of its proxy']
  const { namespace, instance, error, detail } = server
  if (error === '') return ['  the application answered so itself: see its log']
  const why = `${error}${detail === '' ? '' : ` (${detail})`}`
  return [`  the proxy of ${namespace}/${instance} answered so: ${why}`, ...describeHelp(error)]
}

/** What the endpoint of the last try wrote down. */
function findServer(record: DecisionRecord, all: readonly DecisionRecord[]): DecisionRecord | undefined {
  const endpoint = record.attempts.at(-1)?.endpoint ?? ''
  return all
    .filter(({ direction, requestId }) => direction === 'inbound' && requestId === record.requestId)
    .filter(({ namespace, instance }) => endpoint.startsWith(`${namespace}/${instance}:`))
    .filter(({ status, grpcStatus }) => status === record.status && grpcStatus === record.grpcStatus)
    .toSorted((a, b) => Number(a.startedMs - b.startedMs))
    .at(-1)
}
