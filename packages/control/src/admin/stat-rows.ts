import { create } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import {
  type GrpcStatusCount,
  GrpcStatusCountSchema,
  type StatRequest,
  type StatRow,
  StatRowSchema,
} from '@heddle/api/admin'
import { objectKey } from '@heddle/api/kinds/meta'
import { compareTexts } from '@heddle/base/compare-texts'
import type { Model } from '../model/model.ts'
import {
  type ResourceName,
  type ResourceScope,
  type ScopeKind,
  toResourceKind,
  toScope,
} from '../telemetry/resource-scope.ts'
import { LONGEST_WINDOW_MS } from '../telemetry/rolling-totals.ts'
import type { SeriesWindow } from '../telemetry/series-window.ts'
import { type ResourceTraffic, type StatQuestion, sumTraffic } from '../telemetry/stat.ts'
import { toCount, toSmallCount } from '../telemetry/to-count.ts'
import { canBe, type KnownResource, knownResources } from './known-resources.ts'

export interface StatDeps {
  readonly model: Model
  /** What was counted in a window, over all replicas. */
  readonly window: (windowMs: number) => Promise<Iterable<SeriesWindow>>
}

const SHORTEST_WINDOW_MS = 1_000

/**
 * Golden metrics, a row for each resource: of all that exist, or with `to` or `from` of those that there was traffic of.
 *
 * @throws {ConnectError} invalidArgument: what is asked for makes no sense, and why
 */
export async function statRows(request: StatRequest, { model, window }: StatDeps): Promise<StatRow[]> {
  const question = toQuestion(request)
  const traffic = sumTraffic(question, await window(request.windowMs))
  const known = knownResources(question.resource, model)
  const isPartial = question.to !== undefined || question.from !== undefined
  const { kind } = question.resource
  const isOfKind = canBe(kind, model)
  const own = traffic.filter(({ resource }) => isOfKind(resource))
  const rows = isPartial ? joinKnown(own, known) : joinTraffic(known, own, kind)
  return rows.map((row) => statRow(question.resource.kind, row)).sort(byName)
}

interface JoinedRow {
  readonly resource: ResourceName
  readonly known: KnownResource | undefined
  readonly traffic: ResourceTraffic | undefined
}

function toQuestion({ resource, to, from, windowMs }: StatRequest): StatQuestion {
  if (windowMs < SHORTEST_WINDOW_MS || windowMs > LONGEST_WINDOW_MS) {
    throw new ConnectError('window_ms: expected 1 s to 6 h', Code.InvalidArgument)
  }
  if (to !== undefined && from !== undefined) {
    throw new ConnectError('to and from: only one of them can be given', Code.InvalidArgument)
  }
  const question = {
    resource: toScope(resource),
    to: to === undefined ? undefined : toScope(to),
    from: from === undefined ? undefined : toScope(from),
  }
  requireSource(to === undefined ? question.from : question.resource)
  return question
}

/** A Service is addressed; what sends is a Workload. */
function requireSource(scope: ResourceScope | undefined): void {
  if (scope?.kind !== 'service') return
  throw new ConnectError('a service sends nothing: ask for a deployment, pod or namespace', Code.InvalidArgument)
}

function joinKnown(traffic: readonly ResourceTraffic[], known: readonly KnownResource[]): JoinedRow[] {
  const byKey = new Map(known.map((one) => [objectKey(one), one]))
  return traffic.map((one) => ({ resource: one.resource, traffic: one, known: byKey.get(objectKey(one.resource)) }))
}

/** What was deleted from the configuration is still shown while it had traffic; an instance that is gone is not. */
function joinTraffic(
  known: readonly KnownResource[],
  traffic: readonly ResourceTraffic[],
  kind: ScopeKind,
): JoinedRow[] {
  const byKey = new Map(traffic.map((one) => [objectKey(one.resource), one]))
  const rows = known.map((one) => ({ resource: one, known: one, traffic: byKey.get(objectKey(one)) }))
  if (kind === 'pod') return rows
  const names = new Set(known.map(objectKey))
  const gone = traffic.filter(({ resource }) => !names.has(objectKey(resource)) && resource.name !== 'other')
  return [...rows, ...joinKnown(gone, [])]
}

function statRow(kind: ScopeKind, { resource, known, traffic }: JoinedRow): StatRow {
  const { namespace, name } = resource
  const row = create(StatRowSchema, {
    kind: toResourceKind(kind),
    namespace,
    name,
    meshed: known?.meshed ?? 0,
    total: known?.total ?? 0,
  })
  if (traffic === undefined) return row
  addConnections(row, traffic)
  if (traffic.totals.success + traffic.totals.failure > 0) addRequests(row, traffic)
  return row
}

function addConnections(row: StatRow, traffic: ResourceTraffic): void {
  row.tcpConnections = toSmallCount(traffic.openConnections)
  row.readBytesPerSecond = traffic.readBytesPerSecond
  row.writeBytesPerSecond = traffic.writtenBytesPerSecond
}

function addRequests(row: StatRow, traffic: ResourceTraffic): void {
  const { success, failure, grpc } = traffic.totals
  row.successRate = success / (success + failure)
  row.rps = traffic.requestsPerSecond
  row.requestsSuccess = toCount(success)
  row.requestsFailure = toCount(failure)
  row.grpcStatuses = toStatusCounts(grpc)
  row.latencyP50Us = Math.round(traffic.quantileUs(0.5) ?? 0)
  row.latencyP95Us = Math.round(traffic.quantileUs(0.95) ?? 0)
  row.latencyP99Us = Math.round(traffic.quantileUs(0.99) ?? 0)
}

function toStatusCounts(grpc: readonly number[]): GrpcStatusCount[] {
  const counts: GrpcStatusCount[] = []
  for (let at = 0; at < grpc.length; at += 2) {
    counts.push(create(GrpcStatusCountSchema, { status: grpc[at]!, count: toCount(grpc[at + 1]!) }))
  }
  return counts
}

function byName(a: StatRow, b: StatRow): number {
  return compareTexts(objectKey(a), objectKey(b))
}
