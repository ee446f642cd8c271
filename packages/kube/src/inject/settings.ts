import { parseDurationMs } from '@heddle/base/duration'
import { LOG_LEVELS, type LogLevel } from '@heddle/base/log'
import { parseSubnets } from '../interception/parse-subnets.ts'
import { type PortRange, parsePortRanges } from '../interception/port-range.ts'
import { PROXY_UID } from './names.ts'
import { integer, matching, oneOf, type Setting, syntax } from './setting.ts'

/** What can be set for a proxy by annotations of its pod or namespace. */
export interface InjectSettings {
  readonly proxyMode: 'native' | 'classic'
  readonly interception: 'init' | 'node-agent'
  readonly skipInboundPorts: readonly PortRange[]
  readonly skipOutboundPorts: readonly PortRange[]
  readonly skipSubnets: readonly string[]
  readonly opaquePorts: readonly PortRange[]
  readonly rewriteTcpProbes: 'enabled' | 'disabled'
  /** Empty: that of the installed mesh. */
  readonly proxyImage: string
  readonly proxyImagePullPolicy: 'Always' | 'IfNotPresent' | 'Never'
  readonly proxyUid: number
  /** Empty: none, as with the other resources. */
  readonly proxyCpuRequest: string
  readonly proxyCpuLimit: string
  readonly proxyMemoryRequest: string
  readonly proxyMemoryLimit: string
  readonly proxyEphemeralStorageRequest: string
  readonly proxyEphemeralStorageLimit: string
  readonly proxyLogLevel: LogLevel
  readonly proxyAccessLog: 'off' | 'failures' | 'all' | 'json'
  /** `undefined`: as `proxyMode` has it, see {@link drainDelayMsOf}. */
  readonly proxyDrainDelayMs: number | undefined
  readonly proxyDrainMs: number
  readonly proxyBeforeDiscovery: 'refuse' | 'pass-through'
  /** Empty: the proxy's own defaults. */
  readonly proxyLimits: string
}

/** A setting for each property of {@link InjectSettings}. */
export type SettingTable = { readonly [K in keyof InjectSettings]: Setting<InjectSettings[K]> }

const PORTS = 'ports and ranges like `25,4000-4100`'
const DURATION = 'a duration up to `10m`, like `500ms` or `5s`'
const MAX_DURATION_MS = 600_000
const CPU = { expects: 'CPUs like `100m` or `0.5`' }
const BYTES = { expects: 'bytes like `64Mi`' }
const CPU_PATTERN = /^(\d{1,9}m|\d{1,6}(\.\d{1,3})?)$/
const BYTES_PATTERN = /^\d{1,15}(\.\d{1,9})?([kMGTPE]|[KMGTPE]i)?$/

/** The one place with names, defaults and limits; docs/reference/annotations.md is generated from it. */
export const SETTINGS: SettingTable = {
  proxyMode: oneOf('proxy-mode', ['native', 'classic'], {
    fallback: 'native',
    about:
      'How the proxy runs: as an init container that goes on (Kubernetes 1.29 or newer), so that it starts before and ends after all others, or as a container beside the others.',
  }),
  interception: oneOf('interception', ['init', 'node-agent'], {
    fallback: 'init',
    about:
      'Who redirects traffic to the proxy: an init container, which needs the capabilities NET_ADMIN and NET_RAW, or the [agent of the node](../tasks/inject.md#restricted-pod-security), which makes the pod need none.',
  }),
  skipInboundPorts: syntax(
    'skip-inbound-ports',
    { expects: PORTS, about: 'Connections to these ports of the pod go to the application and not through the proxy.' },
    parsePortRanges,
  ),
  skipOutboundPorts: syntax(
    'skip-outbound-ports',
    { expects: PORTS, about: "The application's connections to these ports do not go through the proxy." },
    parsePortRanges,
  ),
  skipSubnets: syntax(
    'skip-subnets',
    {
      expects: 'subnets like `10.0.0.0/8,fd00::/8`',
      about: 'Connections to and from addresses in these subnets do not go through the proxy.',
    },
    parseSubnets,
  ),
  opaquePorts: syntax(
    'opaque-ports',
    {
      expects: PORTS,
      about:
        'What comes to these ports of the pod is carried as bytes, secured but never looked at: for protocols that are neither HTTP nor TLS.',
    },
    parsePortRanges,
  ),
  rewriteTcpProbes: oneOf('rewrite-tcp-probes', ['enabled', 'disabled'], {
    fallback: 'enabled',
    about:
      'Whether probes by `tcpSocket` [ask the proxy](../tasks/inject.md#probes), which connects to the application. As they are they would reach the proxy, and succeed before the application listens. A proxy of a version before this annotation cannot be asked.',
  }),
  proxyImage: matching(
    'proxy-image',
    { expects: 'an image', about: 'Image of the proxy and of its init container; unset: that of the installed mesh.' },
    /^[A-Za-z0-9][\w./:@-]{0,511}$/,
  ),
  proxyImagePullPolicy: oneOf('proxy-image-pull-policy', ['Always', 'IfNotPresent', 'Never'], {
    fallback: 'IfNotPresent',
    about: 'When the node pulls that image.',
  }),
  proxyUid: integer('proxy-uid', {
    fallback: String(PROXY_UID),
    min: 1,
    max: 65_534,
    about: 'User id that the proxy runs under. No container of the application may use it: its traffic would pass by.',
  }),
  proxyCpuRequest: matching(
    'proxy-cpu-request',
    { ...CPU, fallback: '50m', about: 'CPU that the node reserves for the proxy.' },
    CPU_PATTERN,
  ),
  proxyCpuLimit: matching('proxy-cpu-limit', { ...CPU, about: 'CPU that the proxy gets at most.' }, CPU_PATTERN),
  proxyMemoryRequest: matching(
    'proxy-memory-request',
    { ...BYTES, fallback: '64Mi', about: 'Memory that the node reserves for the proxy.' },
    BYTES_PATTERN,
  ),
  proxyMemoryLimit: matching(
    'proxy-memory-limit',
    { ...BYTES, about: 'Memory at which the proxy is ended and started again.' },
    BYTES_PATTERN,
  ),
  proxyEphemeralStorageRequest: matching(
    'proxy-ephemeral-storage-request',
    { ...BYTES, about: 'Disk that the node reserves for the proxy, which writes nothing but its log.' },
    BYTES_PATTERN,
  ),
  proxyEphemeralStorageLimit: matching(
    'proxy-ephemeral-storage-limit',
    { ...BYTES, about: 'Disk at which the pod is evicted.' },
    BYTES_PATTERN,
  ),
  proxyLogLevel: oneOf('proxy-log-level', LOG_LEVELS, {
    fallback: 'info',
    about: "Lines of the proxy's log below this level are not written.",
  }),
  proxyAccessLog: oneOf('proxy-access-log', ['off', 'failures', 'all', 'json'], {
    fallback: 'failures',
    about:
      'Which requests and opaque connections get a line of JSON: none, those that failed in the mesh, or all (`json` is the former name of `all`).',
  }),
  proxyDrainDelayMs: syntax(
    'proxy-drain-delay',
    {
      expects: DURATION,
      about:
        'When the proxy is told to end: how long it still accepts connections, while others learn that it is going. Unset: `1s` for a classic sidecar, and `0s` for a native one, which is told when the application has ended.',
    },
    (value) => (value === '' ? undefined : parseDuration(value)),
  ),
  proxyDrainMs: syntax(
    'proxy-drain',
    { expects: DURATION, fallback: '5s', about: 'After that: how long open requests may go on.' },
    parseDuration,
  ),
  proxyBeforeDiscovery: oneOf('proxy-before-discovery', ['refuse', 'pass-through'], {
    fallback: 'refuse',
    about: 'What becomes of outbound connections while the control plane has never been reached.',
  }),
  proxyLimits: matching(
    'proxy-limits',
    {
      expects: 'limits like `connectMs=500,connections=1000`',
      about: 'What differs from the defaults of [the limits](limits.md) of the proxy.',
    },
    /^[A-Za-z]+=\d{1,9}(,[A-Za-z]+=\d{1,9})*$/,
  ),
}

const CLASSIC_DRAIN_DELAY_MS = 1_000

/** How long the proxy still accepts connections when it is told to end. */
export function drainDelayMsOf({ proxyMode, proxyDrainDelayMs }: InjectSettings): number {
  return proxyDrainDelayMs ?? (proxyMode === 'classic' ? CLASSIC_DRAIN_DELAY_MS : 0)
}

function parseDuration(text: string): number {
  const durationMs = parseDurationMs(text)
  if (durationMs === undefined || durationMs > MAX_DURATION_MS) throw new RangeError()
  return durationMs
}
