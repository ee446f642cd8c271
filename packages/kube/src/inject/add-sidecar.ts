import { createHash } from 'node:crypto'
import type { TcpProbe } from '@heddle/api/tcp-probe'
import { formatPortRanges } from '../interception/port-range.ts'
import type { InjectValues } from './inject-values.ts'
import type { InjectionStatus } from './injection-status.ts'
import {
  CONTROL_NAMESPACE_LABEL,
  IDENTITY_AUDIENCE,
  IDENTITY_VOLUME,
  OPAQUE_PORTS_ANNOTATION,
  SKIP_INBOUND_ANNOTATION,
  STATUS_ANNOTATION,
  TRUST_VOLUME,
} from './names.ts'
import { type Container, graceSecondsOf, type PodSpec, type PodTemplate, type Volume } from './pod.ts'
import { proxyContainer } from './proxy-container.ts'
import { redirectContainer } from './redirect-container.ts'
import type { InjectSettings } from './settings.ts'
import { type RewrittenProbe, rewriteTcpProbes } from './tcp-probes.ts'
import { workloadOf } from './workload-name.ts'

/** What a sidecar is made of. */
export interface Sidecar {
  readonly settings: InjectSettings
  readonly values: InjectValues
  /** `undefined`: told from the pod's owners. */
  readonly workload: string | undefined
}

/** `kubectl logs` and `exec` mean the first container unless this says another. */
const DEFAULT_CONTAINER_ANNOTATION = 'kubectl.kubernetes.io/default-container'
/** The kubelet replaces the file when 80 % of this are over. */
const TOKEN_SECONDS = 3600
/** Readable for the proxy's user, whoever else the pod runs as; the kubelet narrows it where it can. */
const TOKEN_MODE = 0o444

/** Puts proxy, redirection, identity and marks into a pod that has none of them. */
export function addSidecar(pod: PodTemplate, sidecar: Sidecar): PodTemplate {
  const { metadata = {} } = pod
  const { spec, rewritten, asked } = rewriteTcpProbes(pod.spec ?? {}, sidecar.settings)
  const parts = { ...partsOf(pod, sidecar, asked), tcpProbes: rewritten }
  const status = JSON.stringify(toStatus(parts, sidecar.values.version))
  return {
    ...pod,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, ...parts.labels },
      annotations: { ...metadata.annotations, ...parts.annotations, [STATUS_ANNOTATION]: status },
    },
    spec: addParts(spec, parts, sidecar.settings.proxyMode),
  }
}

interface Parts {
  readonly initContainers: readonly Container[]
  readonly containers: readonly Container[]
  readonly volumes: readonly Volume[]
  readonly imagePullSecrets: readonly { readonly name: string }[]
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly tcpProbes: readonly RewrittenProbe[]
}

function partsOf(
  pod: PodTemplate,
  { settings, values, workload }: Sidecar,
  tcpProbes: readonly TcpProbe[],
): Omit<Parts, 'tcpProbes'> {
  const { metadata = {}, spec = {} } = pod
  const name = workload ?? workloadOf(metadata)?.name
  const proxy = proxyContainer({ settings, values, workload: name, graceSeconds: graceSecondsOf(spec), tcpProbes })
  const redirect = redirectContainer(settings, values)
  const isNative = settings.proxyMode === 'native'
  const secrets = (spec.imagePullSecrets ?? []) as readonly { readonly name?: string }[]
  return {
    initContainers: isNative ? [redirect, proxy] : [redirect],
    containers: isNative ? [] : [proxy],
    volumes: [IDENTITY, TRUST],
    imagePullSecrets: values.pullSecrets
      .filter((secret) => !secrets.some((known) => known.name === secret))
      .map((secret) => ({ name: secret })),
    labels: { [CONTROL_NAMESPACE_LABEL]: values.controlNamespace },
    annotations: annotationsOf(pod, settings),
  }
}

const IDENTITY: Volume = {
  name: IDENTITY_VOLUME,
  projected: {
    defaultMode: TOKEN_MODE,
    sources: [
      { serviceAccountToken: { audience: IDENTITY_AUDIENCE, expirationSeconds: TOKEN_SECONDS, path: 'token' } },
    ],
  },
}

/** In memory: what is on a disk would keep cluster autoscalers from taking the pod's node away. */
const TRUST: Volume = { name: TRUST_VOLUME, emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }

/** What is in force must be readable from the pod alone, wherever it was said. */
function annotationsOf(pod: PodTemplate, settings: InjectSettings): Readonly<Record<string, string>> {
  const { annotations: own = {} } = pod.metadata ?? {}
  const [first] = pod.spec?.containers ?? []
  const annotations: Record<string, string> = {}
  const ports = {
    [OPAQUE_PORTS_ANNOTATION]: settings.opaquePorts,
    [SKIP_INBOUND_ANNOTATION]: settings.skipInboundPorts,
  }
  for (const [name, ranges] of Object.entries(ports)) {
    if (ranges.length > 0 && !Object.hasOwn(own, name)) annotations[name] = formatPortRanges(ranges)
  }
  const isFirst = settings.proxyMode === 'native' || Object.hasOwn(own, DEFAULT_CONTAINER_ANNOTATION)
  if (!isFirst && first !== undefined) annotations[DEFAULT_CONTAINER_ANNOTATION] = first.name
  return annotations
}

/**
 * Native: the proxy is up before any init container of the pod runs, so all of them have the network through it. Classic: it
 * starts after all of them, so traffic is redirected by the last one.
 */
function addParts(spec: PodSpec, parts: Parts, mode: InjectSettings['proxyMode']): PodSpec {
  const { initContainers = [], containers = [], volumes = [] } = spec
  const secrets = (spec.imagePullSecrets ?? []) as readonly unknown[]
  const inOrder =
    mode === 'native' ? [...parts.initContainers, ...initContainers] : [...initContainers, ...parts.initContainers]
  return {
    ...spec,
    initContainers: inOrder,
    containers: [...parts.containers, ...containers],
    volumes: [...volumes, ...parts.volumes],
    ...(parts.imagePullSecrets.length > 0 && { imagePullSecrets: [...secrets, ...parts.imagePullSecrets] }),
  }
}

function toStatus(parts: Parts, version: string): InjectionStatus {
  const { initContainers, containers, volumes, imagePullSecrets, labels, annotations, tcpProbes } = parts
  const namesOf = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name)
  return {
    version,
    hash: createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16),
    initContainers: namesOf(initContainers),
    containers: namesOf(containers),
    volumes: namesOf(volumes),
    imagePullSecrets: namesOf(imagePullSecrets),
    labels: Object.keys(labels),
    annotations: Object.keys(annotations),
    ...(tcpProbes.length > 0 && { tcpProbes }),
  }
}
