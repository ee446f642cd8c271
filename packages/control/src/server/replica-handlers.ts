import { create } from '@bufbuild/protobuf'
import type { ServiceImpl } from '@connectrpc/connect'
import { ListDecisionsRequestSchema } from '@heddle/api/admin'
import type { ReplicaService } from '@heddle/api/replica'
import { getAppliedOf } from '../admin/get-applied.ts'
import { listOwnDecisions } from '../admin/list-decisions.ts'
import { listOwnProxies } from '../admin/list-proxies.ts'
import type { DiscoveryHub } from '../discovery/discovery-hub.ts'
import type { Model } from '../model/model.ts'
import { countHolders } from '../replicas/holders.ts'
import type { Source } from '../sources/source.ts'
import { toReporterTraffic } from '../telemetry/report-message.ts'
import type { TelemetryStore } from '../telemetry/telemetry-store.ts'

export interface ReplicaDeps {
  readonly model: Model
  readonly hub: DiscoveryHub
  readonly store: TelemetryStore
  readonly source: Source
}

/** Answers other replicas about the proxies that are connected here, or were. */
export function replicaHandlers(deps: ReplicaDeps): ServiceImpl<typeof ReplicaService> {
  const { store, hub } = deps
  return {
    ping: () => ({}),
    listTraffic: ({ windowMs }) => ({ reporters: store.reports(windowMs).map(toReporterTraffic) }),
    listReporters: () => ({
      reporters: store.reporters().map(({ reporter: { namespace, instance }, lastReportMs, certificate }) => {
        const when = { lastReportMs: BigInt(lastReportMs) }
        return { namespace, instance, ...when, ...(certificate && { certificate }) }
      }),
    }),
    listProxies: ({ namespace }) => ({ proxies: listOwnProxies(namespace, deps) }),
    listHolders: () => ({
      services: [...countHolders(deps)].map(([key, count]) => {
        const [namespace = '', service = ''] = key.split('/')
        return { namespace, service, ...count }
      }),
    }),
    getApplied: (asked) => ({ response: getAppliedOf(asked, deps) }),
    async listDecisions({ request = create(ListDecisionsRequestSchema) }, { signal }) {
      const { records, asked, silent } = await listOwnDecisions(request, { hub, signal })
      return { response: { records: [...records], asked, silent: [...silent] } }
    },
  }
}
