import { ResourceKind, type StatRow } from '@heddle/api/admin'
import type { ControlClient } from '../client/control-client.ts'
import { readGolden } from '../up/read-golden.ts'
import type { ExpectedWorkload, Observation } from './find-obstacles.ts'

const WINDOW_MS = 60_000

/** Asks the control plane for everything that a verdict needs. @throws {CliError} */
export async function observe(control: ControlClient, expected: readonly ExpectedWorkload[]): Promise<Observation> {
  const namespaces = [...new Set(expected.map((workload) => workload.namespace))]
  const lists = await Promise.all(namespaces.map((namespace) => control.admin.listWorkloads({ namespace })))
  const resource = { kind: ResourceKind.DEPLOYMENT, namespace: '', name: '' }
  const { edges } = await control.admin.edges({ resource })
  const clients = expected.filter((workload) => !workload.isServer)
  const answers = await Promise.all(clients.map((client) => answersTo(control, client)))
  return {
    instances: lists.flatMap((list) => list.instances),
    edges,
    received: await readGolden(control),
    answersTo: new Map(clients.map(({ namespace, name }, i) => [`${namespace}/${name}`, answers[i]!])),
  }
}

/** Requests to anyone that a workload got answered well, and connections it has; measured at its side. */
async function answersTo(control: ControlClient, { namespace, name }: ExpectedWorkload): Promise<number> {
  const from = { kind: ResourceKind.DEPLOYMENT, namespace, name }
  const resource = { kind: ResourceKind.SERVICE, namespace: '', name: '' }
  const { rows } = await control.admin.stat({ resource, from, windowMs: WINDOW_MS })
  return rows.reduce((sum, row) => sum + answersOf(row), 0)
}

function answersOf(row: StatRow): number {
  return Number(row.requestsSuccess) + (row.tcpConnections ?? 0)
}
