import { toJson } from '@bufbuild/protobuf'
import { ChangeType, type ConditionChange, type ObjectChange, type PlanObjectsResponse } from '@heddle/api/admin'
import { type DecisionRecord, DecisionRecordSchema } from '@heddle/api/discovery/decision'
import type { Style } from '../../output/style.ts'
import { changeWord, realChanges } from '../objects/change-output.ts'
import { formatObject } from '../objects/object-argument.ts'
import type { RecordedRequests } from './ask-recorded.ts'
import type { PlannedDestination } from './compare-routing.ts'
import type { Replay, ReplayGroup } from './replay.ts'

/** Everything that a plan says. */
export interface Plan {
  readonly answer: PlanObjectsResponse
  readonly destinations: readonly PlannedDestination[]
  readonly recorded: RecordedRequests
  readonly replay: Replay
  /** How far back, as the user said it. */
  readonly since: string
}

/** More would not be read on a terminal; `-o json` has all. */
const MAX_LINES = 20
/** One line should hold them. */
const MAX_NAMES = 8
const MARKS: Partial<Record<ChangeType, string>> = {
  [ChangeType.ADDED]: '+',
  [ChangeType.REMOVED]: '-',
  [ChangeType.CHANGED]: '~',
}

/** The plan for people. */
export function formatPlan(plan: Plan, style: Style): string {
  const { answer, destinations } = plan
  const changes = realChanges(answer.changes)
  const unchanged = answer.changes.length - changes.length
  const notes = notPlanned(answer)
  if (changes.length === 0) return `${[nothing(unchanged), ...notes].join('\n')}\n`
  const lines = [
    ...section(
      'Objects',
      [...changes.map(formatChange), ...(unchanged > 0 ? [`${unchanged} more as they are`] : [])],
      style,
    ),
    ...section('Conditions', answer.conditions.filter(isWorthSaying).map(formatCondition), style),
    ...section('What proxies are told', [...destinations.flatMap(formatDestination), ...leftOut(answer)], style),
    ...section('Recorded requests', formatReplay(plan), style),
    ...notes,
  ]
  return `${lines.map((line) => colour(line, style)).join('\n')}\n`
}

function nothing(unchanged: number): string {
  return unchanged === 0
    ? 'nothing would change'
    : `nothing would change: ${unchanged} of ${unchanged} objects are as given`
}

function section(title: string, lines: readonly string[], style: Style): readonly string[] {
  if (lines.length === 0) return []
  const more = lines.length - MAX_LINES
  const shown = more > 1 ? [...lines.slice(0, MAX_LINES), `and ${more} more lines: -o json has all`] : lines
  return [style.bold(title), ...shown.map((line) => `  ${line}`)]
}

function colour(line: string, style: Style): string {
  const mark = /^ +([+~-]) /.exec(line)?.[1]
  if (mark === '+') return style.green(line)
  if (mark === '-') return style.red(line)
  return mark === '~' ? style.yellow(line) : line
}

function formatChange({ ref, type, file }: ObjectChange): string {
  return `${MARKS[type] ?? ' '} ${formatObject(ref)}${file === '' ? '' : ` (${file})`}`
}

/** What is well and was not there before goes without saying. */
function isWorthSaying({ before, after }: ConditionChange): boolean {
  return before !== undefined || after?.status !== 'True'
}

function formatCondition({ ref, before, after }: ConditionChange): string {
  const { about = '', type = '' } = after ?? before ?? {}
  const place = `${formatObject(ref)}, ${about}: ${type}`
  if (after === undefined) return `- ${place} is gone`
  const mark = after.status === 'False' ? '-' : '+'
  return `${mark} ${place} ${before === undefined ? 'is' : 'becomes'} ${after.status} (${after.reason}): ${after.message}`
}

function formatDestination({ key, clientNamespace, differences }: PlannedDestination): readonly string[] {
  const clients = clientNamespace === '' ? '' : `, for clients in namespace ${clientNamespace}`
  return [`${key}${clients}`, ...differences.map((line) => `  ${line}`)]
}

function leftOut({ destinationsLeftOut }: PlanObjectsResponse): readonly string[] {
  return destinationsLeftOut === 0 ? [] : [`and ${destinationsLeftOut} more destinations, which are not compared`]
}

function notPlanned({ notPlanned: refs }: PlanObjectsResponse): readonly string[] {
  if (refs.length === 0) return []
  const more = refs.length > MAX_NAMES ? [`${refs.length - MAX_NAMES} more (-o json has all)`] : []
  const names = [...refs.slice(0, MAX_NAMES).map(formatObject), ...more].join(', ')
  return [`not planned: ${names}: the mesh does not act on ${refs.length === 1 ? 'this kind' : 'these kinds'}`]
}

function formatReplay({ destinations, recorded, replay, since }: Plan): readonly string[] {
  if (destinations.length === 0) return []
  const { requests, otherwise, uncertain, groups } = replay
  const silent = recorded.silent.length === 0 ? '' : `, but ${recorded.silent.join(', ')} did not answer`
  const asked = `${recorded.asked} ${recorded.asked === 1 ? 'proxy was' : 'proxies were'} asked${silent}`
  if (requests === 0) return [`none to these destinations in the last ${since}; ${asked}`]
  return [
    `${otherwise} of ${requests} to these destinations in the last ${since} would be answered otherwise; ${asked}`,
    ...groups.flatMap(formatGroup),
    ...(uncertain > 0
      ? [`of ${uncertain} nobody can tell: rules ask for what records hide, or are about connections`]
      : []),
  ]
}

function formatGroup({ before, after, count, example }: ReplayGroup): readonly string[] {
  return [`${count} × ${before}`, `  → ${after}`, `  for example ${formatExample(example)}`]
}

function formatExample({ request, namespace, instance, requestId }: DecisionRecord): string {
  return `${request?.method} ${request?.path} of ${namespace}/${instance}, request ${requestId}`
}

/** The plan for scripts; keys are stable. */
export function toPlanJson({ answer, destinations, recorded, replay }: Plan) {
  return {
    changes: answer.changes.map(({ ref, type, file }) => ({
      object: ref && refJson(ref),
      change: changeWord(type),
      file,
    })),
    conditions: answer.conditions.map(({ ref, before, after }) => ({
      object: ref && refJson(ref),
      before: before === undefined ? null : conditionJson(before),
      after: after === undefined ? null : conditionJson(after),
    })),
    destinations: destinations.map(({ key, clientNamespace, differences }) => ({ key, clientNamespace, differences })),
    destinations_left_out: answer.destinationsLeftOut,
    not_planned: answer.notPlanned.map(refJson),
    requests: {
      proxies_asked: recorded.asked,
      proxies_silent: recorded.silent,
      recorded: replay.requests,
      otherwise: replay.otherwise,
      uncertain: replay.uncertain,
      groups: replay.groups.map(({ example, ...group }) => ({
        ...group,
        example: toJson(DecisionRecordSchema, example),
      })),
    },
  }
}

function refJson({
  kind,
  namespace,
  name,
}: {
  readonly kind: string
  readonly namespace: string
  readonly name: string
}) {
  return { kind, namespace, name }
}

function conditionJson({ about, type, status, reason, message }: NonNullable<ConditionChange['after']>) {
  return { about, type, status, reason, message }
}
