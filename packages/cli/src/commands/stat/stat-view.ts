import { ResourceKind, type StatRow } from '@heddle/api/admin'
import type { Style } from '../../output/style.ts'
import type { Column } from '../../output/table.ts'
import { kindName } from '../resource-argument.ts'
import { countByGrpcStatus, formatGrpcStatuses } from './grpc-status.ts'

/** One element of `stat -o json`. Keys are stable; what was not counted is null. */
export interface StatJson {
  /** Empty for namespaces. */
  readonly namespace: string
  readonly kind: string
  readonly name: string
  /** Instances with a proxy, of all instances: `1/1`. */
  readonly meshed: string
  /** Share of the requests that succeeded, 0 to 1. */
  readonly success: number | null
  readonly rps: number | null
  readonly latency_ms_p50: number | null
  readonly latency_ms_p95: number | null
  readonly latency_ms_p99: number | null
  readonly tcp_open_connections: number | null
  readonly read_bytes_per_second: number | null
  readonly write_bytes_per_second: number | null
  /** Calls of gRPC in the window by the name of their status: `{ "OK": 540, "INTERNAL": 45 }`. */
  readonly grpc_status: Readonly<Record<string, number>> | null
}

/** The row as JSON shows it. */
export function toStatJson(row: StatRow): StatJson {
  return {
    namespace: row.namespace,
    kind: kindName(row.kind),
    name: row.name,
    meshed: formatMeshed(row),
    success: row.successRate ?? null,
    rps: row.rps ?? null,
    latency_ms_p50: toMs(row.latencyP50Us),
    latency_ms_p95: toMs(row.latencyP95Us),
    latency_ms_p99: toMs(row.latencyP99Us),
    tcp_open_connections: row.tcpConnections ?? null,
    read_bytes_per_second: row.readBytesPerSecond ?? null,
    write_bytes_per_second: row.writeBytesPerSecond ?? null,
    grpc_status: countByGrpcStatus(row),
  }
}

export interface StatColumnOptions {
  /** Whether rows are of several namespaces. */
  readonly hasNamespaces: boolean
  /** Names begin with their kind. */
  readonly hasKinds?: boolean
  readonly style: Style
}

/** The columns of `stat`, in the order that users of meshes know. */
export function statColumns({ hasNamespaces, hasKinds = false, style }: StatColumnOptions): readonly Column<StatRow>[] {
  const number = (title: string, cell: (row: StatRow) => string): Column<StatRow> => ({ title, cell, align: 'right' })
  return [
    ...(hasNamespaces ? [{ title: 'NAMESPACE', cell: (row: StatRow) => row.namespace }] : []),
    { title: 'NAME', cell: ({ kind, name }) => (hasKinds ? `${kindName(kind)}/${name}` : name) },
    number('MESHED', formatMeshed),
    number('SUCCESS', (row) => formatSuccess(row.successRate, style)),
    number('RPS', ({ rps }) => formatRate(rps)),
    number('LATENCY_P50', (row) => formatLatency(row.latencyP50Us)),
    number('LATENCY_P95', (row) => formatLatency(row.latencyP95Us)),
    number('LATENCY_P99', (row) => formatLatency(row.latencyP99Us)),
    number('TCP_CONN', ({ tcpConnections }) => (tcpConnections === undefined ? '' : String(tcpConnections))),
    { ...number('READ_BYTES/SEC', (row) => formatBytesPerSecond(row.readBytesPerSecond)), isWide: true },
    { ...number('WRITE_BYTES/SEC', (row) => formatBytesPerSecond(row.writeBytesPerSecond)), isWide: true },
    { title: 'GRPC_STATUS', cell: formatGrpcStatuses, isWide: true },
  ]
}

/** Whether rows of this kind are told apart by their namespace. */
export function isNamespaced(kind: ResourceKind): boolean {
  return kind !== ResourceKind.NAMESPACE
}

function formatMeshed({ meshed, total }: StatRow): string {
  return `${meshed}/${total}`
}

/** Below these shares the colour changes. */
const GOOD_SHARE = 0.99
const FAIR_SHARE = 0.9

function formatSuccess(share: number | undefined, style: Style): string {
  if (share === undefined) return ''
  // Rounded down, so that 100.00% is said only when nothing failed.
  const text = `${(Math.floor(share * 10_000) / 100).toFixed(2)}%`
  if (share >= GOOD_SHARE) return style.green(text)
  return share >= FAIR_SHARE ? style.yellow(text) : style.red(text)
}

function formatRate(perSecond: number | undefined): string {
  return perSecond === undefined ? '' : `${perSecond.toFixed(1)}rps`
}

/** Three digits or so: `0.8ms`, `45ms`, `1.2s`. */
function formatLatency(latencyUs: number | undefined): string {
  if (latencyUs === undefined) return ''
  const latencyMs = latencyUs / 1000
  if (latencyMs >= 1000) return `${(latencyMs / 1000).toFixed(1)}s`
  return latencyMs >= 10 ? `${Math.round(latencyMs)}ms` : `${latencyMs.toFixed(1)}ms`
}

function formatBytesPerSecond(perSecond: number | undefined): string {
  return perSecond === undefined ? '' : `${perSecond.toFixed(1)}B/s`
}

function toMs(latencyUs: number | undefined): number | null {
  return latencyUs === undefined ? null : latencyUs / 1000
}
