import type { HealthCheck, WorkloadLocality } from '@heddle/api/kinds/workload'
import type { Mode } from '../site/site.ts'

/** A port of the application. */
export interface SidecarPort {
  readonly name: string
  /** The port that Services target. */
  readonly port: number
  /** Where the application listens, in explicit mode. */
  readonly app?: string
  /** Where the proxy listens for it, in explicit mode; `undefined`: it chooses. */
  readonly listen?: string
}

export interface SidecarUpstream {
  /** `name:SERVICE.NAMESPACE:PORT` */
  readonly key: string
  /** `undefined`: the proxy chooses. */
  readonly listen?: string
}

/** Whom a proxy stands beside. */
export interface SidecarIdentity {
  readonly namespace: string
  readonly workload: string
  readonly instance: string
  readonly serviceAccount: string
  readonly labels: Readonly<Record<string, string>>
  readonly locality?: WorkloadLocality
}

/** How a proxy reaches the control plane, and what it trusts. */
export interface ControlAccess {
  readonly trustDomain: string
  /** SPIFFE id of the control plane; `undefined`: the usual one of the trust domain. */
  readonly identity?: string
  /** `HOST:PORT` */
  readonly address: string
  readonly trustBundleFile: string
  readonly joinTokenFile: string
}

export interface ProxyEnvironmentInput {
  readonly mode: Mode
  readonly identity: SidecarIdentity
  readonly control: ControlAccess
  readonly ports: readonly SidecarPort[]
  readonly upstreams: readonly SidecarUpstream[]
  readonly advertised: readonly string[]
  readonly healthCheck?: HealthCheck
  /** `undefined`: the proxy chooses in explicit mode, and takes its usual port in transparent mode. */
  readonly adminAddress?: string
  /** `HEDDLE_*` variables of the user for every proxy, such as HEDDLE_LOG_LEVEL. */
  readonly overrides: Readonly<Record<string, string>>
}

/** The environment of a proxy, as docs/reference/proxy-environment.md describes it. Empty values count as unset there. */
export function proxyEnvironment(input: ProxyEnvironmentInput): Readonly<Record<string, string>> {
  const { mode, identity, control, healthCheck } = input
  return {
    ...input.overrides,
    HEDDLE_MODE: mode,
    HEDDLE_NAMESPACE: identity.namespace,
    HEDDLE_WORKLOAD: identity.workload,
    HEDDLE_INSTANCE: identity.instance,
    HEDDLE_SERVICE_ACCOUNT: identity.serviceAccount,
    HEDDLE_LABELS: formatPairs(identity.labels),
    HEDDLE_REGION: identity.locality?.region ?? '',
    HEDDLE_ZONE: identity.locality?.zone ?? '',
    HEDDLE_TRUST_DOMAIN: control.trustDomain,
    HEDDLE_CONTROL_ADDRESS: control.address,
    HEDDLE_CONTROL_IDENTITY: control.identity ?? '',
    HEDDLE_TRUST_BUNDLE_FILE: control.trustBundleFile,
    HEDDLE_JOIN_TOKEN_FILE: control.joinTokenFile,
    HEDDLE_PORTS: input.ports.map((port) => formatPort(port, mode)).join(';'),
    HEDDLE_UPSTREAMS: mode === 'explicit' ? input.upstreams.map(formatUpstream).join(';') : '',
    HEDDLE_ADVERTISE_ADDRESSES: input.advertised.join(','),
    HEDDLE_ADMIN_ADDRESS: input.adminAddress ?? (mode === 'explicit' ? '127.0.0.1:0' : ''),
    HEDDLE_HEALTH_CHECK: healthCheck === undefined ? '' : JSON.stringify(healthCheck),
    HEDDLE_EXIT_WITH_STDIN: '1',
  }
}

const PASSED_ON = /^HEDDLE_(LOG_LEVEL|ACCESS_LOG|BEFORE_DISCOVERY|LIMITS|[A-Z_]+_MS)$/

/** What of the user's own environment holds for all proxies: log level, limits and deadlines. */
export function proxyOverrides(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const overrides: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && PASSED_ON.test(name)) overrides[name] = value
  }
  return overrides
}

function formatPairs(pairs: Readonly<Record<string, string>>): string {
  return Object.entries(pairs)
    .map(([name, value]) => `${name}=${value}`)
    .join(',')
}

function formatPort({ name, port, app, listen }: SidecarPort, mode: Mode): string {
  const known = `name=${name},port=${port}${app === undefined ? '' : `,app=${app}`}`
  return mode === 'explicit' ? `${known},listen=${listen ?? '127.0.0.1:0'}` : known
}

function formatUpstream({ key, listen }: SidecarUpstream): string {
  return `listen=${listen ?? '127.0.0.1:0'},key=${key}`
}
