import { CONTROL_ACCOUNT } from '@heddle/api/control-account'
import { ConfigError } from '@heddle/base/config-error'
import { formatSpiffeId } from '@heddle/identity/spiffe-id'
import { BEHAVIOUR_VARIABLES, type BehaviourConfig } from './behaviour-config.ts'
import { CONTROL_VARIABLES, type ControlConfig, findProofProblems } from './control-config.ts'
import { type Environment, EnvReader, type VariableTable } from './env-reader.ts'
import { TRAFFIC_VARIABLES, type TrafficConfig } from './traffic-config.ts'
import { oneOf } from './variable.ts'
import { findIdentityProblems, WORKLOAD_VARIABLES, type WorkloadConfig } from './workload-config.ts'

/** All that the proxy of one workload must know to start. Parsed once in main.ts; everything else arrives by discovery. */
export interface SidecarConfig extends WorkloadConfig, ControlConfig, TrafficConfig, BehaviourConfig {
  readonly mode: 'transparent' | 'explicit'
}

/** All names, defaults and limits, in the order of docs/reference/proxy-environment.md, which is generated from it. */
export const SIDECAR_ENVIRONMENT: VariableTable<SidecarConfig> = {
  mode: oneOf('HEDDLE_MODE', ['transparent', 'explicit'], {
    fallback: 'explicit',
    about:
      'How traffic comes into the proxy: redirected by iptables, or addressed to a listener for each port and upstream.',
  }),
  ...WORKLOAD_VARIABLES,
  ...CONTROL_VARIABLES,
  ...TRAFFIC_VARIABLES,
  ...BEHAVIOUR_VARIABLES,
}

/** Who the control plane of a trust domain is, unless the environment says otherwise. */
export function controlIdentityOf(trustDomain: string): string {
  return formatSpiffeId({ trustDomain, ...CONTROL_ACCOUNT })
}

/**
 * Reads the configuration of a proxy from its environment.
 *
 * @throws {ConfigError} listing every variable that is missing, wrong, or does not fit the others
 */
export function parseSidecarConfig(env: Environment): SidecarConfig {
  const config = new EnvReader(env).readAll(SIDECAR_ENVIRONMENT)
  const problems = [
    ...findIdentityProblems(config),
    ...findProofProblems(config),
    ...(config.mode === 'transparent' ? transparentProblems(config) : explicitProblems(config)),
  ]
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

function transparentProblems(config: SidecarConfig): string[] {
  const problems: string[] = []
  if (config.ports.length > 0 && config.advertiseAddresses.length === 0) {
    problems.push('HEDDLE_ADVERTISE_ADDRESSES is not set: transparent mode needs it to register HEDDLE_PORTS')
  }
  const listening = config.ports.find((port) => port.listen !== undefined)
  if (listening !== undefined) {
    problems.push(`HEDDLE_PORTS: port ${listening.port} has "listen", which transparent mode does not use`)
  }
  return problems
}

function explicitProblems(config: SidecarConfig): string[] {
  return config.ports
    .filter((port) => port.app === undefined)
    .map((port) => `HEDDLE_PORTS: port ${port.port} has no "app", which explicit mode needs`)
}
