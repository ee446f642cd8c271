import type { StatRow } from '@heddle/api/admin'
import { type Column, formatTable } from '../output/table.ts'

const COLUMNS: readonly Column<StatRow>[] = [
  { title: 'NAMESPACE', cell: (row) => row.namespace },
  { title: 'NAME', cell: (row) => row.name },
  { title: 'MESHED', cell: (row) => `${row.meshed}/${row.total}` },
  { title: 'SUCCESS', align: 'right', cell: (row) => percent(row.successRate) },
  { title: 'RPS', align: 'right', cell: (row) => row.rps?.toFixed(1) ?? '' },
  { title: 'LATENCY_P50', align: 'right', cell: (row) => milliseconds(row.latencyP50Us) },
  { title: 'LATENCY_P95', align: 'right', cell: (row) => milliseconds(row.latencyP95Us) },
  { title: 'LATENCY_P99', align: 'right', cell: (row) => milliseconds(row.latencyP99Us) },
  { title: 'TCP_CONN', align: 'right', cell: (row) => row.tcpConnections?.toString() ?? '' },
]

/** The golden metrics of Workloads, as `heddle stat deploy -A` shows them. */
export function formatGoldenTable(rows: readonly StatRow[]): string {
  return formatTable(COLUMNS, rows)
}

function percent(share: number | undefined): string {
  return share === undefined ? '' : `${(share * 100).toFixed(2)}%`
}

function milliseconds(us: number | undefined): string {
  if (us === undefined) return ''
  return us < 10_000 ? `${(us / 1000).toFixed(1)}ms` : `${Math.round(us / 1000)}ms`
}
