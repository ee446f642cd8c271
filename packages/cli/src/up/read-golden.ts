import { ResourceKind, type StatRow } from '@heddle/api/admin'
import { compareTexts } from '@heddle/base/compare-texts'
import type { ControlClient } from '../client/control-client.ts'
import { statColumns } from '../commands/stat/stat-view.ts'
import type { Style } from '../output/style.ts'
import { formatTable } from '../output/table.ts'

const WINDOW_MS = 60_000

/** Golden metrics of all Workloads over the last minute, by name. @throws {CliError} */
export async function readGolden(control: ControlClient): Promise<readonly StatRow[]> {
  const resource = { kind: ResourceKind.DEPLOYMENT, namespace: '', name: '' }
  const { rows } = await control.admin.stat({ resource, windowMs: WINDOW_MS })
  return [...rows].sort((a, b) => compareTexts(`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`))
}

/** The rows as `heddle stat deploy` shows them, with their namespaces where there are several. */
export function formatGolden(rows: readonly StatRow[], style: Style): string {
  const hasNamespaces = new Set(rows.map((row) => row.namespace)).size > 1
  return formatTable(statColumns({ hasNamespaces, style }), rows)
}
