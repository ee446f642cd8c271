import { dirname } from 'node:path/posix'
import { PROXY_PORTS } from '@heddle/api/proxy-ports'
import { formatTcpProbe, type TcpProbe } from '@heddle/api/tcp-probe'
import { formatDurationMs } from '@heddle/base/duration'
import { containerFrame } from './container-frame.ts'
import type { InjectValues } from './inject-values.ts'
import { INIT_PROGRAM, PROXY_CONTAINER, TOKEN_FILE, TRUST_CACHE_FILE, TRUST_VOLUME } from './names.ts'
import type { Container } from './pod.ts'
import { drainDelayMsOf, type InjectSettings } from './settings.ts'

/** What the proxy of one pod is told. */
export interface ProxyOfPod {
  readonly settings: InjectSettings
  readonly values: InjectValues
  /** `undefined`: it is called as the pod. */
  readonly workload: string | undefined
  /** `terminationGracePeriodSeconds` of the pod. */
  readonly graceSeconds: number
  /** What the kubelet asks it of the application. */
  readonly tcpProbes: readonly TcpProbe[]
}

/** An `env` entry of a container. */
type EnvVar = { readonly name: string } & (
  | { readonly value: string }
  | { readonly valueFrom: { readonly fieldRef: { readonly fieldPath: string } } }
)

/** So long may the first certificate take before the kubelet starts the proxy anew. */
const START_SECONDS = 120

/** The container with the proxy. */
export function proxyContainer(proxy: ProxyOfPod): Container {
  const { settings, values } = proxy
  const uid = settings.proxyUid
  const frame = containerFrame(settings, values)
  return {
    name: PROXY_CONTAINER,
    ...frame,
    volumeMounts: [...frame.volumeMounts, { name: TRUST_VOLUME, mountPath: dirname(TRUST_CACHE_FILE) }],
    ...(settings.proxyMode === 'native' ? { restartPolicy: 'Always' } : { lifecycle: classicLifecycle(proxy) }),
    env: environment(proxy),
    ports: [{ name: 'heddle-probe', containerPort: PROXY_PORTS.probe, protocol: 'TCP' }],
    startupProbe: { ...probe('/ready'), periodSeconds: 1, failureThreshold: START_SECONDS },
    readinessProbe: { ...probe('/ready'), periodSeconds: 5, failureThreshold: 3 },
    livenessProbe: { ...probe('/live'), periodSeconds: 10, failureThreshold: 3 },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsGroup: uid,
      runAsNonRoot: true,
      runAsUser: uid,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  }
}

function probe(path: string): Readonly<Record<string, unknown>> {
  return { httpGet: { path, port: PROXY_PORTS.probe }, timeoutSeconds: 2 }
}

/** The next container starts when the first hook is over; the proxy is told to end when the second is. */
function classicLifecycle({ settings, graceSeconds }: ProxyOfPod): Readonly<Record<string, unknown>> {
  const drainMs = drainDelayMsOf(settings) + settings.proxyDrainMs
  const withinMs = Math.max(0, graceSeconds * 1000 - drainMs)
  const ready = [...INIT_PROGRAM, 'await-ready', `--within=${START_SECONDS}s`]
  const ended = [...INIT_PROGRAM, 'await-end', `--within=${formatDurationMs(withinMs)}`]
  return { postStart: { exec: { command: ready } }, preStop: { exec: { command: ended } } }
}

function environment({ settings, values, workload, tcpProbes }: ProxyOfPod): readonly EnvVar[] {
  const { trustDomain, controlAddress, controlIdentity, trustBundlePem } = values
  return [
    { name: 'HEDDLE_MODE', value: 'transparent' },
    field('HEDDLE_NAMESPACE', 'metadata.namespace'),
    field('HEDDLE_INSTANCE', 'metadata.name'),
    workload === undefined ? field('HEDDLE_WORKLOAD', 'metadata.name') : { name: 'HEDDLE_WORKLOAD', value: workload },
    field('HEDDLE_SERVICE_ACCOUNT', 'spec.serviceAccountName'),
    field('HEDDLE_ADVERTISE_ADDRESSES', 'status.podIPs'),
    { name: 'HEDDLE_TRUST_DOMAIN', value: trustDomain },
    { name: 'HEDDLE_CONTROL_ADDRESS', value: controlAddress },
    { name: 'HEDDLE_CONTROL_IDENTITY', value: controlIdentity },
    { name: 'HEDDLE_TRUST_BUNDLE', value: trustBundlePem },
    { name: 'HEDDLE_TRUST_BUNDLE_CACHE_FILE', value: TRUST_CACHE_FILE },
    { name: 'HEDDLE_SERVICE_ACCOUNT_TOKEN_FILE', value: TOKEN_FILE },
    // Of both families: a kubelet probes the first address of the pod, whichever that is.
    { name: 'HEDDLE_PROBE_ADDRESS', value: `[::]:${PROXY_PORTS.probe}` },
    ...(tcpProbes.length === 0 ? [] : [{ name: 'HEDDLE_TCP_PROBES', value: tcpProbes.map(formatTcpProbe).join(',') }]),
    // A kubelet connects to the first address of a pod, and this one is of the same family. Older API servers do not know "hostIPs".
    field('HEDDLE_NODE_ADDRESSES', 'status.hostIP'),
    { name: 'HEDDLE_LOG_LEVEL', value: settings.proxyLogLevel },
    // An image may be older than the word "all".
    { name: 'HEDDLE_ACCESS_LOG', value: settings.proxyAccessLog === 'all' ? 'json' : settings.proxyAccessLog },
    { name: 'HEDDLE_DRAIN_DELAY_MS', value: String(drainDelayMsOf(settings)) },
    { name: 'HEDDLE_DRAIN_MS', value: String(settings.proxyDrainMs) },
    { name: 'HEDDLE_BEFORE_DISCOVERY', value: settings.proxyBeforeDiscovery },
    // The application may still talk when its container and the proxy's are told to end together.
    ...(settings.proxyMode === 'classic' ? [{ name: 'HEDDLE_DRAIN_UNTIL_IDLE', value: '1' }] : []),
    ...(settings.proxyLimits === '' ? [] : [{ name: 'HEDDLE_LIMITS', value: settings.proxyLimits }]),
  ]
}

function field(name: string, fieldPath: string): EnvVar {
  return { name, valueFrom: { fieldRef: { fieldPath } } }
}
