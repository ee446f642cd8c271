import type { MessageInitShape } from '@bufbuild/protobuf'
import type { ServiceImpl } from '@connectrpc/connect'
import type { AdminService, EdgeSchema } from '@heddle/api/admin'
import { trafficWindow } from '../replicas/traffic-window.ts'
import { findEdges, type TrafficEdge } from '../telemetry/edges.ts'
import { toScope } from '../telemetry/resource-scope.ts'
import type { AdminDeps } from './admin-handlers.ts'
import { listDecisions } from './list-decisions.ts'
import { statRows } from './stat-rows.ts'

/** Edges are of traffic within this time. */
const EDGE_WINDOW_MS = 5 * 60_000

type TrafficMethods = 'stat' | 'edges' | 'listDecisions'

/** The part of the admin service that is about what proxies saw. */
export function trafficHandlers(deps: AdminDeps): Pick<ServiceImpl<typeof AdminService>, TrafficMethods> {
  const window = (windowMs: number) => trafficWindow(windowMs, deps)
  return {
    stat: async (request) => ({ rows: await statRows(request, { model: deps.model, window }) }),
    edges: async ({ resource }) => ({
      edges: findEdges(toScope(resource), await window(EDGE_WINDOW_MS)).map(toEdge),
    }),
    async listDecisions(request, { signal }) {
      const { records, asked, silent } = await listDecisions(request, { ...deps, signal })
      return { records: [...records], asked, silent: [...silent] }
    },
  }
}

function toEdge({ source, target, security, ...identities }: TrafficEdge): MessageInitShape<typeof EdgeSchema> {
  const isSecured = security === 'mtls'
  return {
    srcNamespace: source.namespace,
    src: source.name,
    dstNamespace: target.namespace,
    dst: target.name,
    ...identities,
    secured: isSecured,
    reason: isSecured ? '' : security,
  }
}
