import type { StatRow } from '@heddle/api/admin'
import { GRPC_STATUS_NAMES } from '@heddle/api/grpc-status'

/** How often each status of gRPC occurred, by its name; `null` when there was no call. */
export function countByGrpcStatus({ grpcStatuses }: StatRow): Readonly<Record<string, number>> | null {
  if (grpcStatuses.length === 0) return null
  return Object.fromEntries(grpcStatuses.map(({ status, count }) => [nameOf(status), Number(count)]))
}

/** The same in one cell: `OK:540,INTERNAL:45`. */
export function formatGrpcStatuses({ grpcStatuses }: StatRow): string {
  return grpcStatuses.map(({ status, count }) => `${nameOf(status)}:${count}`).join(',')
}

function nameOf(status: number): string {
  return GRPC_STATUS_NAMES[status] ?? String(status)
}
