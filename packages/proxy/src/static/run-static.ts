import { readFileSync } from 'node:fs'
import { checkStaticConfig, type StaticConfig } from '@heddle/api/static-config'
import type { Clock } from '@heddle/base/clock'
import { ConfigError } from '@heddle/base/config-error'
import type { Log } from '@heddle/base/log'
import { messageOf } from '@heddle/base/message-of'
import type { Registry } from '@heddle/telemetry/registry'
import { TrafficTable } from '@heddle/telemetry/traffic'
import { resolveLimits } from '../limits.ts'
import { DecisionRecords } from '../records/decision-records.ts'
import { type DataPlane, startProxy } from '../start-proxy.ts'
import type { WorkloadContext } from '../workload.ts'
import { FileIdentity, NO_IDENTITY } from './static-identity.ts'
import { toDestinationSource, toInboundPolicy, toLimits, toListeners, toPlainInbound } from './static-proxy.ts'

/**
 * Reads a static configuration in JSON.
 * @param shownAs - the file that people know, where `file` was made of it
 * @throws {ConfigError} listing every problem
 */
export function readStaticConfig(file: string, shownAs = file): StaticConfig {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw refusal(shownAs, [messageOf(error)])
  }
  const result = checkStaticConfig(value)
  if (result.kind === 'invalid') throw refusal(shownAs, result.problems)
  const problems: string[] = []
  toLimits(result.config, problems)
  if (problems.length > 0) throw refusal(shownAs, problems)
  return result.config
}

function refusal(file: string, problems: readonly string[]): ConfigError {
  return new ConfigError(problems, `${file} cannot be used`)
}

/** What metrics and records name. */
const INSTANCE = { namespace: 'static', workload: 'static', instance: 'static-0' } as const

export interface StaticDeps {
  readonly clock: Clock
  readonly log: Log
  readonly meter: Registry
}

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
export async function startStaticProxy(config: StaticConfig, deps: StaticDeps): Promise<StaticProxy> {
  const { clock, log } = deps
  const destinations = await toDestinationSource(config)
  const stopping = new AbortController()
  const traffic = new TrafficTable({ clock })
  const identity =
    config.identity === undefined
      ? NO_IDENTITY
      : new FileIdentity(config.identity, { clock, log, signal: stopping.signal })
  const limits = toLimits(config, [])
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
