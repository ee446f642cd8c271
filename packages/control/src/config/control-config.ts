import type { HostPort } from '@heddle/base/host-port'
import { LOG_LEVELS, type LogLevel } from '@heddle/base/log'
import { FlagReader } from './flag-reader.ts'
import { type KubernetesConfig, readKubernetesFlags } from './kubernetes-config.ts'

/** All the control plane must know to start. */
export interface ControlConfig {
  /** Directory of YAML: Services, Workloads, Namespaces, ServiceAccounts, routes, grants, policies. Empty on a cluster. */
  readonly configDir: string
  /** The cluster that is served in place of a directory; `undefined`: none. */
  readonly kubernetes: KubernetesConfig | undefined
  /** Kept with mode 0700: certificate authority, admin token, registrations. */
  readonly stateDir: string
  /** Where proxies and the command line reach it; at least one. */
  readonly listen: readonly HostPort[]
  readonly trustDomain: string
  /** Life of the certificates given to workloads, in ms. */
  readonly leafLifeMs: number
  /** Where `/metrics`, `/live` and `/ready` are: an address of the loopback unless on a cluster. `undefined`: nowhere. */
  readonly admin: HostPort | undefined
  /** Stop when stdin ends, so that the control plane does not outlive whoever started it. */
  readonly exitWithStdin: boolean
  readonly logLevel: LogLevel
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/**
 * Reads the command line: the one place with names, defaults and limits of flags.
 *
 * @param args - what follows the name of the program
 * @throws {ConfigError} listing every invalid flag
 */
export function parseControlConfig(args: readonly string[]): ControlConfig {
  const read = new FlagReader(args)
  const kubernetes = readKubernetesFlags(read)
  const config: ControlConfig = {
    configDir:
      kubernetes === undefined
        ? read.requiredText('config', 'a directory of YAML, or --kubernetes')
        : read.excluded('config', 'with --kubernetes there is no directory'),
    kubernetes,
    stateDir: read.requiredText('state', 'a directory for what must outlive a restart'),
    listen: read.hostPorts('listen', { host: '127.0.0.1', port: 0 }),
    trustDomain: read.trustDomain('trust-domain', 'heddle.local'),
    leafLifeMs: read.durationMs('leaf-life', { fallbackMs: 24 * HOUR_MS, minMs: 5_000, maxMs: 30 * 24 * HOUR_MS }),
    admin: kubernetes === undefined ? read.loopback('admin') : read.hostPort('admin'),
    exitWithStdin: read.isSet('exit-with-stdin'),
    logLevel: read.oneOf('log-level', 'info', LOG_LEVELS),
  }
  read.check()
  return Object.freeze(config)
}
