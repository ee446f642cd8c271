import type { MessageInitShape } from '@bufbuild/protobuf'
import type { ServiceImpl } from '@connectrpc/connect'
import type { AdminService, ServiceSummarySchema } from '@heddle/api/admin'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import type { CertificateAuthority } from '../ca/certificate-authority.ts'
import type { JoinTokenBook } from '../ca/join-tokens.ts'
import type { DiscoveryHub } from '../discovery/discovery-hub.ts'
import type { Model } from '../model/model.ts'
import type { ModelService } from '../model/service-table.ts'
import type { Replicas } from '../replicas/replicas.ts'
import type { Source } from '../sources/source.ts'
import type { TelemetryStore } from '../telemetry/telemetry-store.ts'
import { changeRoot } from './change-root.ts'
import { createJoinToken } from './create-join-token.ts'
import { getHealth } from './get-health.ts'
import { listEndpoints } from './list-endpoints.ts'
import { listProxies } from './list-proxies.ts'
import { listWorkloads } from './list-workloads.ts'
import { objectHandlers } from './object-handlers.ts'
import { trafficHandlers } from './traffic-handlers.ts'

/** What the admin service tells about. */
export interface AdminDeps {
  readonly model: Model
  readonly source: Source
  readonly hub: DiscoveryHub
  readonly store: TelemetryStore
  readonly replicas: Replicas
  /** Name of this replica; empty where there is only one. */
  readonly replica: string
  readonly ca: CertificateAuthority
  readonly tokens: JoinTokenBook
  readonly clock: Clock
  readonly log: Log
  readonly version: string
  readonly startedAtMs: number
}

/** Puts what the control plane knows behind Connect, for the command line. */
export function adminHandlers(deps: AdminDeps): ServiceImpl<typeof AdminService> {
  const { model, ca, version, startedAtMs } = deps
  const { trustDomain } = ca
  return {
    getVersion: () => ({ version, trustDomain, startedAtMs: BigInt(startedAtMs) }),
    getHealth: () => getHealth(deps),
    listEndpoints: (request) => ({ endpoints: listEndpoints(request, { model, trustDomain }) }),
    listWorkloads: async ({ namespace }) => ({ instances: await listWorkloads(namespace, { ...deps, trustDomain }) }),
    listServices: ({ namespace }) => ({ services: model.services(namespace).map(toService) }),
    listProxies: async ({ namespace }) => ({ proxies: await listProxies(namespace, deps) }),
    createJoinToken: (request) => createJoinToken(request, deps),
    changeRoot: (request) => changeRoot(request, deps),
    ...trafficHandlers(deps),
    ...objectHandlers(deps),
  }
}

function toService({
  service: { metadata, spec },
  clusterIps,
}: ModelService): MessageInitShape<typeof ServiceSummarySchema> {
  const { namespace, name } = metadata
  return { namespace, name, clusterIps: [...clusterIps], ports: spec.ports.map(({ port }) => port) }
}
