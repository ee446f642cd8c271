import { isMap } from '@heddle/base/is-map'
import { PROXY_CONTAINER, STATUS_ANNOTATION } from './names.ts'
import type { PodSpec, PodTemplate } from './pod.ts'
import { annotationOf } from './read-settings.ts'
import { PROBES, type RewrittenProbe, restoreTcpProbes } from './tcp-probes.ts'

/** What injection put into a pod, by name: the value of its annotation {@link STATUS_ANNOTATION}, as JSON. */
export interface InjectionStatus {
  /** Of Heddle. */
  readonly version: string
  /** Over all that was put in: the same again would change nothing. */
  readonly hash: string
  readonly initContainers: readonly string[]
  readonly containers: readonly string[]
  readonly volumes: readonly string[]
  readonly imagePullSecrets: readonly string[]
  readonly labels: readonly string[]
  readonly annotations: readonly string[]
  /** Left out: none. */
  readonly tcpProbes?: readonly RewrittenProbe[]
}

/** Whether a proxy of ours is in the pod, whoever put it there. */
export function hasProxy({ spec = {} }: PodTemplate): boolean {
  return [...(spec.containers ?? []), ...(spec.initContainers ?? [])].some(({ name }) => name === PROXY_CONTAINER)
}

/** What an earlier injection put into the pod; `undefined`: nothing, or it cannot be told. */
export function readStatus(pod: PodTemplate): InjectionStatus | undefined {
  const text = annotationOf(pod.metadata?.annotations ?? {}, STATUS_ANNOTATION)
  if (text === undefined) return undefined
  try {
    const { version, hash, ...names } = JSON.parse(text) as Readonly<Record<string, unknown>>
    if (typeof version !== 'string' || typeof hash !== 'string') return undefined
    const listOf = (name: string) => (Array.isArray(names[name]) ? names[name].filter(isText) : [])
    return {
      version,
      hash,
      initContainers: listOf('initContainers'),
      containers: listOf('containers'),
      volumes: listOf('volumes'),
      imagePullSecrets: listOf('imagePullSecrets'),
      labels: listOf('labels'),
      annotations: listOf('annotations'),
      tcpProbes: Array.isArray(names.tcpProbes) ? names.tcpProbes.filter(isRewritten) : [],
    }
  } catch {
    return undefined
  }
}

/** Takes out all that an earlier injection put in. */
export function removeInjection(pod: PodTemplate, status: InjectionStatus): PodTemplate {
  const { metadata = {}, spec = {} } = pod
  const { labels, annotations, ...meta } = metadata
  const kept = withoutKeys(annotations, [...status.annotations, STATUS_ANNOTATION])
  const keptLabels = withoutKeys(labels, status.labels)
  return {
    ...pod,
    metadata: {
      ...meta,
      ...(keptLabels !== undefined && { labels: keptLabels }),
      ...(kept !== undefined && { annotations: kept }),
    },
    spec: restoreTcpProbes(removeParts(spec, status), status.tcpProbes ?? []),
  }
}

const LISTS = ['initContainers', 'containers', 'volumes', 'imagePullSecrets'] as const

/** A list that nothing is left of goes, as it was not there before. */
function removeParts(spec: PodSpec, status: InjectionStatus): PodSpec {
  const kept: Record<string, unknown> = { ...spec }
  for (const list of LISTS) {
    const items = spec[list] as readonly { readonly name?: string }[] | undefined
    if (items === undefined || status[list].length === 0) continue
    const ours = new Set(status[list])
    const rest = items.filter(({ name }) => name === undefined || !ours.has(name))
    if (rest.length > 0 || list === 'containers') kept[list] = rest
    else delete kept[list]
  }
  return kept
}

function withoutKeys(
  values: Readonly<Record<string, string>> | undefined,
  names: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (values === undefined) return undefined
  const ours = new Set(names)
  const rest = Object.entries(values).filter(([name]) => !ours.has(name))
  return rest.length === 0 ? undefined : Object.fromEntries(rest)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isRewritten(value: unknown): value is RewrittenProbe {
  return isMap(value) && PROBES.some((name) => name === value.probe) && isMap(value.tcpSocket)
}
