import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import type { AdminService } from '@heddle/api/admin'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'
import type { CertificateAuthority } from '../ca/certificate-authority.ts'
import { type JoinTokenBook, JoinTokenError } from '../ca/join-tokens.ts'
import { formatProblems } from '../config/configuration-problems.ts'
import type { DiscoveryHub } from '../discovery/discovery-hub.ts'
import type { Model } from '../model/model.ts'
import type { Replicas } from '../replicas/replicas.ts'
import { trafficWindow } from '../replicas/traffic-window.ts'
import type { Source } from '../sources/source.ts'
import { findEdges } from '../telemetry/edges.ts'
import { toScope } from '../telemetry/resource-scope.ts'
import type { TelemetryStore } from '../telemetry/telemetry-store.ts'
import { listDecisions } from './list-decisions.ts'
import { listEndpoints } from './list-endpoints.ts'
import { listProxies } from './list-proxies.ts'
import { listWorkloads } from './list-workloads.ts'
import { objectHandlers } from './object-handlers.ts'
import { statRows } from './stat-rows.ts'

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

/** Edges are of traffic within this time. */
const EDGE_WINDOW_MS = 5 * 60_000

/** Puts what the control plane knows behind Connect, for the command line and the dashboard. */
export function adminHandlers(deps: AdminDeps): ServiceImpl<typeof AdminService> {
  const { model, ca, tokens, clock } = deps
  const window = (windowMs: number) => trafficWindow(windowMs, deps)
  return {
    getVersion: () => ({
      version: deps.version,
      trustDomain: ca.trustDomain,
      startedAtMs: BigInt(deps.startedAtMs),
    }),
    stat: async (request) => ({ rows: await statRows(request, { model, window }) }),
    edges: async ({ resource }) => ({
      edges: findEdges(toScope(resource), await window(EDGE_WINDOW_MS)).map(
        ({ source, target, security, ...identities }) => ({
          srcNamespace: source.namespace,
          src: source.name,
          dstNamespace: target.namespace,
          dst: target.name,
          ...identities,
          secured: security === 'mtls',
          reason: security === 'mtls' ? '' : security,
        }),
      ),
    }),
    listEndpoints: (request) => ({ endpoints: listEndpoints(request, { model, trustDomain: ca.trustDomain }) }),
    listWorkloads: async ({ namespace }) => ({
      instances: await listWorkloads(namespace, { ...deps, trustDomain: ca.trustDomain }),
    }),
    listServices: ({ namespace }) => ({
      services: model.services(namespace).map(({ service, clusterIps }) => ({
        namespace: service.metadata.namespace,
        name: service.metadata.name,
        clusterIps: [...clusterIps],
        ports: service.spec.ports.map(({ port }) => port),
      })),
    }),
    listProxies: async ({ namespace }) => ({ proxies: await listProxies(namespace, deps) }),
    getHealth: () => health(deps),
    ...objectHandlers(deps),
    async listDecisions(request, { signal }) {
      const { records, asked, silent } = await listDecisions(request, { ...deps, signal })
      return { records: [...records], asked, silent: [...silent] }
    },
    async createJoinToken({ namespace, serviceAccount, ttlMs, reusable }) {
      try {
        const { token, expiresMs } = await tokens.create({ namespace, serviceAccount, ttlMs, reusable })
        return { token, expiresMs: BigInt(expiresMs), trustBundlePem: ca.trustBundlePem }
      } catch (error) {
        if (error instanceof JoinTokenError) throw new ConnectError(error.message, Code.InvalidArgument)
        throw error
      }
    },
  }

  async function health({ source, replica, replicas }: AdminDeps) {
    const { silent } = await replicas.ask((client, signal) => client.ping({}, { signal }))
    const { rootNotAfterMs, issuerNotAfterMs } = ca.health()
    const { problems, appliedMs } = source.status()
    return {
      rootNotAfterMs: BigInt(rootNotAfterMs),
      issuerNotAfterMs: BigInt(issuerNotAfterMs),
      nowMs: BigInt(clock.nowMs()),
      configurationProblems: formatProblems(problems, 'error'),
      configurationWarnings: formatProblems(problems, 'warning'),
      configurationAppliedMs: BigInt(appliedMs),
      replicas: replicas.list().map((address) => ({ address, problem: silent.get(address) ?? '' })),
      replica,
    }
  }
}
