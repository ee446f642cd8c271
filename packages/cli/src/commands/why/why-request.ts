import { toJson } from '@bufbuild/protobuf'
import { type DecisionRecord, DecisionRecordSchema } from '@heddle/api/discovery/decision'
import { CliError } from '../../cli-error.ts'
import type { ControlClient } from '../../client/control-client.ts'
import type { CliDeps } from '../../command.ts'
import { formatJson } from '../../output/json.ts'
import { toBackendJson } from './describe-backend.ts'
import { describeRecord } from './describe-record.ts'
import { findErrorHelp } from './error-help.ts'
import { describeExplanation, type ExplainedRecord, explainRecord } from './explain-record.ts'
import { nameDestinations } from './name-destinations.ts'

/** One record per hop, and a client that sends an id twice. */
const MAX_RECORDS = 20

/** `heddle why REQUEST_ID`: what every proxy that saw the request did with it. */
export async function whyRequest(requestId: string, output: string, { client, deps }: WhyWorld): Promise<void> {
  const { records, asked, silent } = await client.admin.listDecisions({ query: { requestId, limit: MAX_RECORDS } })
  if (records.length === 0) throw noRecord(requestId, asked, silent)
  noteSilent(silent, deps)
  const isJson = output === 'json'
  const explained: ExplainedRecord[] = []
  for (const record of inOrder(isJson ? records : await nameDestinations(client, records)))
    explained.push(await explainRecord(client, record))
  if (isJson) deps.terminal.write(formatJson(explained.map(toRecordJson)))
  else deps.terminal.write(explained.map((one) => formatExplained(one, records)).join('\n'))
}

/** What an answer needs. */
export interface WhyWorld {
  readonly client: ControlClient
  readonly deps: CliDeps
}

/** Says whose answer is missing. */
export function noteSilent(silent: readonly string[], { terminal }: CliDeps): void {
  if (silent.length > 0) terminal.note(terminal.noteStyle.yellow(`did not answer in time: ${silent.join(', ')}`))
}

function noRecord(requestId: string, asked: number, silent: readonly string[]): CliError {
  return new CliError(`no proxy has a record of request ${requestId}`, {
    hints: [
      `${asked} ${asked === 1 ? 'proxy was' : 'proxies were'} asked${silent.length === 0 ? '' : `; ${silent.join(', ')} did not answer`}`,
      'a proxy keeps its recent failures, slow requests and a sample of the rest; see "heddle why --last-failures"',
      'about a request that nobody has sent ask "heddle why CLIENT to SERVICE"',
    ],
  })
}

/** As the request travelled: at each hop the client's side first. */
function inOrder(records: readonly DecisionRecord[]): readonly DecisionRecord[] {
  const side = ({ direction }: DecisionRecord) => (direction === 'inbound' ? 1 : 0)
  return records.toSorted((a, b) => Number(a.startedMs - b.startedMs) || side(a) - side(b))
}

function formatExplained(explained: ExplainedRecord, records: readonly DecisionRecord[]): string {
  const lines = [...describeRecord(explained.record, records), ...describeExplanation(explained)]
  return lines.map((line) => `${line}\n`).join('')
}

/** A record for scripts; keys are stable. */
function toRecordJson({ record, explanation, hasChanged, isUncertain, backend }: ExplainedRecord) {
  return {
    record: toJson(DecisionRecordSchema, record),
    error: findErrorHelp(record.error) ?? null,
    explanation: explanation ?? null,
    routes_have_changed: hasChanged,
    uncertain: isUncertain,
    backend_now: backend === undefined ? null : toBackendJson(backend),
  }
}
