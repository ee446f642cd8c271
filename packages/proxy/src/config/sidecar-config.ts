import { isIP } from 'node:net'
import { CONTROL_ACCOUNT } from '@heddle/api/control-account'
import { PROXY_PORTS } from '@heddle/api/proxy-ports'
import type { TcpProbe } from '@heddle/api/tcp-probe'
import { ConfigError } from '@heddle/base/config-error'
import { LOG_LEVELS, type LogLevel } from '@heddle/base/log'
import { messageOf } from '@heddle/base/message-of'
import { readPemCertificates } from '@heddle/identity/certificate'
import { formatSpiffeId, isTrustDomain, parseSpiffeId } from '@heddle/identity/spiffe-id'
import type { Limits } from '../limits.ts'
import { parseHostPort, parseIpPort, type SocketAddress } from './address.ts'
import {
  type ApplicationPort,
  parseIpList,
  parseLabels,
  parseLimits,
  parsePorts,
  parseTcpProbes,
  parseUpstreams,
  type Upstream,
} from './entries.ts'
import { type Environment, EnvReader, type VariableTable } from './env-reader.ts'
import { type HealthCheck, parseHealthCheck } from './health-check.ts'
import { filePath, flag, integer, objectName, oneOf, optional, syntax } from './variable.ts'

/** All that the proxy of one workload must know to start. Parsed once in main.ts; everything else arrives by discovery. */
export interface SidecarConfig {
  readonly mode: 'transparent' | 'explicit'
  readonly namespace: string
  readonly workload: string
  readonly instance: string
  readonly serviceAccount: string
  readonly labels: Readonly<Record<string, string>>
  readonly region: string
  readonly zone: string
  readonly trustDomain: string
  readonly controlAddress: SocketAddress
  /** SPIFFE id that the control plane must prove; `undefined`: `controlIdentityOf(trustDomain)`. */
  readonly controlIdentity: string | undefined
  /** PEM; exactly one of it and the file is set. */
  readonly trustBundle: string | undefined
  readonly trustBundleFile: string | undefined
  readonly joinTokenFile: string | undefined
  readonly serviceAccountTokenFile: string | undefined
  readonly ports: readonly ApplicationPort[]
  readonly upstreams: readonly Upstream[]
  readonly advertiseAddresses: readonly string[]
  /** Empty: all addresses of the families that the host has. */
  readonly listenAddresses: readonly string[]
  readonly outboundPort: number
  readonly inboundPort: number
  readonly adminAddress: SocketAddress
  /** `undefined`: nowhere. */
  readonly probeAddress: SocketAddress | undefined
  /** What is answered there for the application. */
  readonly tcpProbes: readonly TcpProbe[]
  /** Empty: not known. */
  readonly nodeAddresses: readonly string[]
  readonly healthCheck: HealthCheck | undefined
  readonly beforeDiscovery: 'refuse' | 'pass-through'
  readonly discoveryTimeoutMs: number
  readonly limits: Partial<Limits>
  readonly reportIntervalMs: number
  readonly drainDelayMs: number
  readonly drainMs: number
  readonly drainUntilIdle: boolean
  readonly logLevel: LogLevel
  readonly accessLog: 'off' | 'failures' | 'json'
  readonly exitWithStdin: boolean
}

/** The one place with names, defaults and limits; docs/reference/proxy-environment.md is generated from it. */
export const SIDECAR_ENVIRONMENT: VariableTable<SidecarConfig> = {
  mode: oneOf('HEDDLE_MODE', ['transparent', 'explicit'], {
    fallback: 'explicit',
    about:
      'How traffic comes into the proxy: redirected by iptables, or addressed to a listener for each port and upstream.',
  }),
  namespace: objectName('HEDDLE_NAMESPACE', { about: 'Namespace of the workload.' }),
  workload: objectName('HEDDLE_WORKLOAD', { about: 'Name of the Workload, for example `voting`.' }),
  instance: objectName('HEDDLE_INSTANCE', {
    about: 'Name of this instance, unique in the namespace, for example `voting-0`.',
  }),
  serviceAccount: objectName('HEDDLE_SERVICE_ACCOUNT', {
    fallback: 'default',
    about: 'Service account whose identity the workload bears.',
  }),
  labels: syntax(
    'HEDDLE_LABELS',
    {
      fallback: '',
      expects: 'labels like `app=web,tier=front`',
      about: 'Labels of the workload; Services select by them.',
    },
    parseLabels,
  ),
  region: syntax('HEDDLE_REGION', { fallback: '', expects: 'a word', about: 'Region the instance is in.' }, String),
  zone: syntax('HEDDLE_ZONE', { fallback: '', expects: 'a word', about: 'Zone the instance is in.' }, String),
  trustDomain: syntax(
    'HEDDLE_TRUST_DOMAIN',
    { fallback: 'heddle.local', expects: 'a trust domain', about: 'Trust domain of the identity.' },
    parseTrustDomain,
  ),
  controlAddress: syntax(
    'HEDDLE_CONTROL_ADDRESS',
    { expects: '`HOST:PORT`', about: 'Where the control plane listens.' },
    parseHostPort,
  ),
  controlIdentity: optional(
    syntax(
      'HEDDLE_CONTROL_IDENTITY',
      {
        expects: 'a SPIFFE id like `spiffe://heddle.local/ns/heddle/sa/control-plane`',
        about:
          'SPIFFE id that the control plane must prove; unset: `spiffe://TRUST_DOMAIN/ns/heddle/sa/control-plane`.',
      },
      parseSpiffeText,
    ),
  ),
  trustBundle: optional(
    syntax(
      'HEDDLE_TRUST_BUNDLE',
      {
        expects: 'certificates in PEM',
        about:
          'Certificates that the control plane is verified by at the first connection; later ones come from it. Exactly one of this and `HEDDLE_TRUST_BUNDLE_FILE` must be set.',
      },
      parseBundle,
    ),
  ),
  trustBundleFile: optional(
    filePath('HEDDLE_TRUST_BUNDLE_FILE', { about: 'The same in a file, which is read at the start.' }),
  ),
  joinTokenFile: optional(
    filePath('HEDDLE_JOIN_TOKEN_FILE', {
      about:
        'File with the join token. Read when the proxy asks for its first certificate, and again only if that certificate ran out.',
    }),
  ),
  serviceAccountTokenFile: optional(
    filePath('HEDDLE_SERVICE_ACCOUNT_TOKEN_FILE', {
      about:
        "Kubernetes, in place of a join token: file with a token of the pod's service account for the audience `heddle.dev/identity`. Read anew for each certificate, first or later.",
    }),
  ),
  ports: syntax(
    'HEDDLE_PORTS',
    {
      fallback: '',
      expects: 'ports like `name=http,port=8080,app=127.0.0.1:18080,listen=127.0.0.1:0`, `;` between them',
      about:
        "The application's ports. `port` is the port that Services target, `app` where the application listens (explicit: needed; transparent: where the connection was meant to go), `listen` where the proxy listens for it (explicit only, `127.0.0.1:0` unless given).",
    },
    parsePorts,
  ),
  upstreams: syntax(
    'HEDDLE_UPSTREAMS',
    {
      fallback: '',
      expects: 'upstreams like `listen=127.0.0.1:0,key=name:voting-svc.emojivote:8080`, `;` between them',
      about: 'Explicit mode: one local listener for each destination that the application talks to.',
    },
    parseUpstreams,
  ),
  advertiseAddresses: syntax(
    'HEDDLE_ADVERTISE_ADDRESSES',
    {
      fallback: '',
      expects: 'IP addresses, `,` between them',
      about:
        'Own addresses by which other workloads reach this one; Services lead to the first. Transparent mode needs them; in explicit mode, which registers the first alone, unset means the address that `listen` is bound to.',
    },
    parseIpList,
  ),
  listenAddresses: syntax(
    'HEDDLE_LISTEN_ADDRESSES',
    {
      fallback: '',
      expects: 'IP addresses, `,` between them',
      about:
        'Transparent mode: addresses that the inbound and outbound ports are bound on; unset: `0.0.0.0` and, where the host has IPv6, `::`.',
    },
    parseIpList,
  ),
  outboundPort: integer('HEDDLE_OUTBOUND_PORT', {
    fallback: String(PROXY_PORTS.outbound),
    min: 0,
    max: 65_535,
    about: 'Transparent mode: where connections of the application are redirected to.',
  }),
  inboundPort: integer('HEDDLE_INBOUND_PORT', {
    fallback: String(PROXY_PORTS.inbound),
    min: 0,
    max: 65_535,
    about: 'Transparent mode: where connections to the application are redirected to.',
  }),
  adminAddress: syntax(
    'HEDDLE_ADMIN_ADDRESS',
    {
      fallback: `127.0.0.1:${PROXY_PORTS.admin}`,
      expects: '`IP:PORT`, a loopback address',
      about: 'Where the admin interface listens; port 0 takes any free port.',
    },
    parseLoopback,
  ),
  probeAddress: optional(
    syntax(
      'HEDDLE_PROBE_ADDRESS',
      {
        expects: '`IP:PORT`',
        about:
          'Where `GET /live`, `/ready` and `/metrics` are answered to others than this host, such as a kubelet and Prometheus, and what `HEDDLE_TCP_PROBES` names, and nothing else is; unset: nowhere.',
      },
      parseIpPort,
    ),
  ),
  tcpProbes: syntax(
    'HEDDLE_TCP_PROBES',
    {
      fallback: '',
      expects: 'probes like `8080/1,5432/5`',
      about:
        "Ports of the application of which a kubelet asks whether they take connections, each with the seconds that it waits for an answer: `GET /probe/tcp/8080/1` at `HEDDLE_PROBE_ADDRESS`. The proxy connects to the first of `HEDDLE_ADVERTISE_ADDRESSES`, else to `127.0.0.1`. It is there for the `tcpSocket` of a pod's probes.",
    },
    parseTcpProbes,
  ),
  nodeAddresses: syntax(
    'HEDDLE_NODE_ADDRESSES',
    {
      fallback: '',
      expects: 'IP addresses, `,` between them',
      about:
        "Kubernetes: the addresses of the pod's node. A request in plain with the user agent of a kubelet is counted as a probe only if it comes from one of them or from the pod's default gateway; unset: none is.",
    },
    parseIpList,
  ),
  healthCheck: optional(
    syntax(
      'HEDDLE_HEALTH_CHECK',
      {
        expects: "the JSON of a Workload's `healthCheck`",
        about: 'How the proxy asks its application whether it is well; unset: it is taken to be.',
      },
      parseHealthCheck,
    ),
  ),
  beforeDiscovery: oneOf('HEDDLE_BEFORE_DISCOVERY', ['refuse', 'pass-through'], {
    fallback: 'refuse',
    about: 'What becomes of outbound connections while the control plane has never been reached.',
  }),
  discoveryTimeoutMs: integer('HEDDLE_DISCOVERY_TIMEOUT_MS', {
    fallback: '3000',
    min: 10,
    max: 600_000,
    about: 'How long a request waits for the control plane to tell an unknown destination.',
  }),
  limits: syntax(
    'HEDDLE_LIMITS',
    {
      fallback: '',
      expects: 'limits like `connectMs=500,connections=1000`',
      about: 'What differs from the defaults of [the limits](limits.md).',
    },
    parseLimits,
  ),
  reportIntervalMs: integer('HEDDLE_REPORT_INTERVAL_MS', {
    fallback: '2000',
    min: 100,
    max: 600_000,
    about: 'How often counters are sent to the control plane, unless it asks otherwise.',
  }),
  drainDelayMs: integer('HEDDLE_DRAIN_DELAY_MS', {
    fallback: '1000',
    min: 0,
    max: 600_000,
    about: 'After SIGTERM: how long the proxy still accepts connections, while others learn that it is going.',
  }),
  drainMs: integer('HEDDLE_DRAIN_MS', {
    fallback: '5000',
    min: 0,
    max: 600_000,
    about: 'After that: how long open requests may go on.',
  }),
  drainUntilIdle: flag(
    'HEDDLE_DRAIN_UNTIL_IDLE',
    'With `1` the proxy goes on accepting during `HEDDLE_DRAIN_MS`, in both directions, until nothing has been open for a second: for an application that is told to end at the same moment and still has to finish its work.',
  ),
  logLevel: oneOf('HEDDLE_LOG_LEVEL', LOG_LEVELS, {
    fallback: 'info',
    about: 'Lines below this level are not written. Can be changed on the admin interface.',
  }),
  accessLog: oneOf('HEDDLE_ACCESS_LOG', ['off', 'failures', 'json'], {
    fallback: 'failures',
    about:
      'A line of JSON on stderr for each request and each opaque connection (`json`), or for those that failed in the mesh.',
  }),
  exitWithStdin: flag(
    'HEDDLE_EXIT_WITH_STDIN',
    'With `1` the proxy ends as on SIGTERM when its standard input ends, so that it goes with whoever started it.',
  ),
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
    ...identityProblems(config),
    ...proofProblems(config),
    ...(config.mode === 'transparent' ? transparentProblems(config) : explicitProblems(config)),
  ]
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

function identityProblems(config: SidecarConfig): string[] {
  try {
    formatSpiffeId(config)
    return []
  } catch (error) {
    return [`the identity made of HEDDLE_TRUST_DOMAIN, HEDDLE_NAMESPACE and HEDDLE_SERVICE_ACCOUNT: ${String(error)}`]
  }
}

function proofProblems(config: SidecarConfig): string[] {
  const problems: string[] = []
  const bundles = [config.trustBundle, config.trustBundleFile].filter((one) => one !== undefined)
  if (bundles.length !== 1) {
    const found = bundles.length === 0 ? 'neither' : 'both'
    problems.push(`HEDDLE_TRUST_BUNDLE and HEDDLE_TRUST_BUNDLE_FILE: ${found} of them set, expected exactly one`)
  }
  if (config.joinTokenFile !== undefined && config.serviceAccountTokenFile !== undefined) {
    problems.push('HEDDLE_JOIN_TOKEN_FILE and HEDDLE_SERVICE_ACCOUNT_TOKEN_FILE: only one of them can be set')
  }
  return problems
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

function parseBundle(text: string): string {
  try {
    readPemCertificates(text)
    return text
  } catch (error) {
    throw new RangeError(messageOf(error))
  }
}

function parseSpiffeText(text: string): string {
  if (parseSpiffeId(text) === undefined) throw new RangeError()
  return text
}

function parseTrustDomain(text: string): string {
  if (!isTrustDomain(text)) throw new RangeError()
  return text
}

function parseLoopback(text: string): SocketAddress {
  const address = parseIpPort(text)
  const isLoopback = address.host === '::1' || (isIP(address.host) === 4 && address.host.startsWith('127.'))
  if (!isLoopback) throw new RangeError('the admin interface changes the proxy and is for this host only')
  return address
}
