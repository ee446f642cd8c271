import { systemClock } from '@heddle/base/clock'
import { formatHostPort, parseIpPort } from '@heddle/base/host-port'
import { createLog } from '@heddle/base/log'
import { Registry } from '@heddle/telemetry/registry'
import { trafficMetrics } from '@heddle/telemetry/traffic-metrics'
import { adminRoutes } from '../admin/admin-routes.ts'
import { listenAdmin } from '../admin/admin-server.ts'
import { exitWhenDrained, listenForEnd } from '../process/process-end.ts'
import { addProcessMetrics } from '../process/process-metrics.ts'
import { readStaticConfig } from './read-static-config.ts'
import { type StaticProxy, startStaticProxy } from './start-static-proxy.ts'

const DRAIN_MS = 5_000

/** A static configuration in JSON, and the file that people know it by. */
export interface StaticFile {
  readonly path: string
  readonly shownAs: string
}

/**
 * Runs a proxy from a file until it is told to end.
 *
 * @param emit - gets the events of docs/reference/proxy-environment.md
 * @throws {ConfigError | ListenError | Error}
 */
export async function runStatic(file: StaticFile, emit: (event: object) => void): Promise<void> {
  const config = readStaticConfig(file.path, file.shownAs)
  const log = createLog((line) => process.stderr.write(line), config.logLevel ?? 'info')
  const registry = new Registry()
  addProcessMetrics(registry, systemClock)
  const end = listenForEnd({ log, exitWithStdin: process.env.HEDDLE_EXIT_WITH_STDIN === '1' })
  const running = await startStaticProxy(config, { clock: systemClock, log, meter: registry })
  registry.collect(trafficMetrics(running.traffic))
  const routes = adminRoutes({
    registry,
    log,
    notReady: () => (running.proxy.state === 'running' ? [] : ['draining']),
    config: () => config,
    connections: (most) => running.proxy.connections(most),
    decisions: (query) => running.records.find(query),
    drain: () => end.request('the admin interface was told to drain'),
  })
  const admin =
    config.admin === undefined ? undefined : await listenAdmin(parseIpPort(config.admin), routes, systemClock)
  exitWhenDrained(end, { drain: () => running.proxy.drain(DRAIN_MS) })
  emit(toListeningEvent(running, admin === undefined ? '' : formatHostPort(admin.address)))
  emit({ event: 'ready' })
}

function toListeningEvent({ proxy }: StaticProxy, admin: string): object {
  const bound = proxy.listeners.map(({ config, port }) => {
    const address = formatHostPort({ host: config.address, port })
    return config.kind === 'explicit-outbound' ? { key: config.key, address } : { address, isInbound: true }
  })
  return {
    event: 'listening',
    inbound: bound.filter(({ isInbound }) => isInbound === true).map(({ address }) => address),
    outbound: bound.filter(({ isInbound }) => isInbound !== true),
    ports: [],
    admin,
  }
}
