import { toJson } from '@bufbuild/protobuf'
import { type DecisionRecord, DecisionRecordSchema } from '@heddle/api/discovery/decision'
import { formatJson } from '../../output/json.ts'
import { toIsoTime } from '../certificate-life.ts'
import { describeOutcome, describeRequest, describeRoute } from './describe-record.ts'
import { findErrorHelp } from './error-help.ts'
import { nameDestinations } from './name-destinations.ts'
import { noteSilent, type WhyWorld } from './why-request.ts'

/** Whose failures, and how many. */
export interface FailuresQuestion {
  /** Empty: of all. */
  readonly namespace: string
  readonly limit: number
  readonly output: string
}

/** `heddle why --last-failures`: the newest requests that failed, and what to do about each. */
export async function whyFailures(question: FailuresQuestion, { client, deps }: WhyWorld): Promise<void> {
  const { namespace, limit, output } = question
  const { terminal } = deps
  // Most are recorded twice, by the client's proxy and by the server's.
  const query = { failuresOnly: true, limit: limit * 2 }
  const { records, asked, silent } = await client.admin.listDecisions({ query, namespace })
  noteSilent(silent, deps)
  const requests = byRequest(records).slice(0, limit)
  if (output === 'json') {
    terminal.write(formatJson(requests.flatMap((hops) => hops.map(toFailureJson))))
    return
  }
  if (records.length === 0) {
    const where = namespace === '' ? '' : ` in namespace "${namespace}"`
    terminal.note(`no failure is recorded${where}; ${asked} ${asked === 1 ? 'proxy was' : 'proxies were'} asked`)
    return
  }
  const named = await nameDestinations(client, requests.flat())
  const failures = byRequest(named).map((hops) => formatFailure(hops, records))
  terminal.write(failures.join('\n'))
}

/** The records of each request, the client's first; newest requests first. */
function byRequest(records: readonly DecisionRecord[]): readonly (readonly DecisionRecord[])[] {
  const requests = Map.groupBy(records, ({ requestId, request }) => `${requestId} ${request?.path}`)
  const side = ({ direction }: DecisionRecord) => (direction === 'inbound' ? 1 : 0)
  return [...requests.values()].map((hops) => hops.toSorted((a, b) => side(a) - side(b)))
}

function formatFailure([record, ...others]: readonly DecisionRecord[], all: readonly DecisionRecord[]): string {
  if (record === undefined) return ''
  const { startedMs, attempts, requestId, direction } = record
  const tries =
    attempts.length === 0 ? 'no endpoint was tried' : `${attempts.length} ${attempts.length === 1 ? 'try' : 'tries'}`
  const where = direction === 'inbound' ? tries : `route: ${describeRoute(record)}; ${tries}`
  const also = others.map(({ namespace, instance }) => `${namespace}/${instance}`).join(', ')
  const lines = [
    ...describeOutcome(record, all),
    where,
    ...(also === '' ? [] : [`recorded at ${also} too`]),
    `every step: heddle why ${requestId}`,
  ]
  return [`${toIsoTime(startedMs)} ${describeRequest(record)}`, ...lines.map((line) => `  ${line}`), ''].join('\n')
}

function toFailureJson(record: DecisionRecord) {
  return { record: toJson(DecisionRecordSchema, record), error: findErrorHelp(record.error) ?? null }
}
