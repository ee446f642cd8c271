import { hostname } from 'node:os'
import type { NodeJson } from '@heddle/api/discovery'
import { formatHostPort } from '@heddle/base/host-port'
import packageJson from '../../package.json' with { type: 'json' }
import { adminRoutes, probeRoutes } from '../admin/admin-routes.ts'
import { type AdminServer, listenAdmin, listenProbe } from '../admin/admin-server.ts'
import { tcpProbeRoutes } from '../admin/tcp-probe-routes.ts'
import type { SidecarConfig } from '../config/sidecar-config.ts'
import { type DataPlane, startProxy } from '../start-proxy.ts'
import type { WorkloadContext } from '../workload.ts'
import { describeSidecar } from './describe-sidecar.ts'
import { kubeletAddresses } from './kubelet-addresses.ts'
import { toListeners, toNodePorts } from './listeners.ts'
import { RunningSidecar, type Sidecar } from './running-sidecar.ts'
import { createParts, type SidecarDeps, type SidecarParts } from './sidecar-parts.ts'

/**
 * Starts the proxy of one workload; resolves once all listeners are bound.
 *
 * @throws {ListenError | RangeError | Error} when an address or a file cannot be used
 */
export async function startSidecar(config: SidecarConfig, deps: SidecarDeps): Promise<Sidecar> {
  const parts = await createParts(config, deps)
  const { clock, log, registry } = deps
  const { limits, accessLog } = config
  const served = {
    context: toContext(parts),
    listeners: toListeners(config),
    accessLog: accessLog === 'json' ? ('all' as const) : accessLog,
  }
  const dataPlane = await startProxy(
    { workloads: [served], limits },
    { clock, log, meter: registry, onBug: parts.onBug },
  )
  parts.node = toNode(config, dataPlane)
  try {
    const admin = await startAdmin(config, parts, dataPlane)
    log.info('admin interface bound', { address: formatHostPort(admin.address) })
    const probe = await startProbe(config, parts, dataPlane)
    return new RunningSidecar(parts, dataPlane, { admin, probe })
  } catch (error) {
    await dataPlane.close()
    throw error
  }
}

function toContext({ config, deps, identity, discovery, traffic, records }: SidecarParts): WorkloadContext {
  const { namespace, workload, instance, nodeAddresses } = config
  const { clock, log } = deps
  return {
    namespace,
    workload,
    instance,
    locality: discovery.here,
    identity,
    destinations: discovery,
    traffic,
    inbound: discovery.inbound,
    records,
    kubelets: kubeletAddresses(nodeAddresses),
    clock,
    log,
  }
}

function toNode(config: SidecarConfig, dataPlane: DataPlane): NodeJson {
  const { namespace, workload, instance, serviceAccount, labels, region, zone, mode } = config
  return {
    namespace,
    workload,
    instance,
    serviceAccount,
    labels: { ...labels },
    ports: toNodePorts(config, dataPlane.listeners),
    locality: { region, zone },
    proxyVersion: packageJson.version,
    mode,
    host: hostname(),
  }
}

function startAdmin(config: SidecarConfig, parts: SidecarParts, dataPlane: DataPlane): Promise<AdminServer> {
  const { clock, log, registry, onDrainRequest } = parts.deps
  const routes = adminRoutes({
    registry,
    log,
    notReady: () => whyNotReady(parts, dataPlane),
    config: () => describeSidecar(parts, dataPlane),
    connections: (most) => dataPlane.connections(most),
    decisions: (query) => parts.records.find(query),
    drain: onDrainRequest,
  })
  return listenAdmin(config.adminAddress, routes, clock)
}

async function startProbe(
  { probeAddress, tcpProbes, advertiseAddresses }: SidecarConfig,
  parts: SidecarParts,
  dataPlane: DataPlane,
): Promise<AdminServer | undefined> {
  if (probeAddress === undefined) return undefined
  const { registry, clock, log } = parts.deps
  const ofApplication = tcpProbeRoutes(tcpProbes, { host: advertiseAddresses[0] ?? '127.0.0.1', clock, log })
  const routes = probeRoutes({ registry, notReady: () => whyNotReady(parts, dataPlane) }, ofApplication)
  return await listenProbe(probeAddress, routes, clock)
}

function whyNotReady({ identity, discovery, deps }: SidecarParts, dataPlane: DataPlane): string[] {
  const certificate = identity.current()
  const reasons: string[] = []
  if (dataPlane.state !== 'running' || discovery.state.state === 'draining') reasons.push('draining')
  if (certificate === undefined) reasons.push('no certificate yet')
  else if (certificate.notAfterMs < deps.clock.nowMs()) reasons.push('the certificate has expired')
  if (!discovery.isReady) reasons.push('nothing heard from the control plane yet')
  return reasons
}
