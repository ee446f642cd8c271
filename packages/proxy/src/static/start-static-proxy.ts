import type { StaticConfig } from '@heddle/api/static-config'
import { TrafficTable } from '@heddle/telemetry/traffic'
import type { ProxyDeps } from '../create-core.ts'
import { resolveLimits } from '../limits.ts'
import { DecisionRecords } from '../records/decision-records.ts'
import { type DataPlane, startProxy } from '../start-proxy.ts'
import type { WorkloadContext } from '../workload.ts'
import { FileIdentity, NO_IDENTITY } from './static-identity.ts'
import { toDestinationSource, toInboundPolicy, toListeners, toPlainInbound } from './static-parts.ts'

/** What metrics and records name. */
const INSTANCE = { namespace: 'static', workload: 'static', instance: 'static-0' } as const

/** A proxy from a file, and what it counts. */
export interface StaticProxy {
  readonly proxy: DataPlane
  readonly traffic: TrafficTable
  readonly records: DecisionRecords
}

/**
 * Starts a proxy from a file: no control plane, no registration.
 *
 * @throws {ConfigError | ListenError | Error} when an address or an identity file cannot be used; nothing is left behind then
 */
export async function startStaticProxy(config: StaticConfig, deps: ProxyDeps): Promise<StaticProxy> {
  const { clock, log } = deps
  const destinations = await toDestinationSource(config)
  const stopping = new AbortController()
  const traffic = new TrafficTable({ clock })
  const identity =
    config.identity === undefined
      ? NO_IDENTITY
      : new FileIdentity(config.identity, { clock, log, signal: stopping.signal })
  const { limits = {} } = config
  const records = new DecisionRecords(INSTANCE, resolveLimits(limits))
  const context: WorkloadContext = {
    ...INSTANCE,
    identity,
    destinations,
    traffic,
    inbound: toInboundPolicy(config),
    records,
    clock,
    log,
  }
  const plainInbound = toPlainInbound(config)
  const { accessLog = 'failures', meshProtocol: meshVersion = 'http2' } = config
  const served = { context, listeners: toListeners(config), plainInbound, accessLog, meshVersion }
  try {
    const proxy = await startProxy({ workloads: [served], limits }, deps)
    return { proxy, traffic, records }
  } catch (error) {
    stopping.abort()
    throw error
  }
}
