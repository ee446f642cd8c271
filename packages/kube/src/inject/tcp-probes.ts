import { PROXY_PORTS } from '@heddle/api/proxy-ports'
import { pathOfTcpProbe, TCP_PROBE_PATH, type TcpProbe } from '@heddle/api/tcp-probe'
import { isMap } from '@heddle/base/is-map'
import { hasPort } from '../interception/port-range.ts'
import type { Container, PodSpec, Probe, TcpSocket } from './pod.ts'
import type { InjectSettings } from './settings.ts'

/** The fields of a container that have a probe. */
export const PROBES = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const

/** A probe that asks the proxy now, and what it was before. */
export interface RewrittenProbe {
  readonly container: string
  readonly probe: (typeof PROBES)[number]
  readonly tcpSocket: TcpSocket
}

/** A pod whose kubelet asks the proxy, and what the proxy must know of it. */
export interface RewrittenSpec {
  readonly spec: PodSpec
  readonly rewritten: readonly RewrittenProbe[]
  /** Each once. */
  readonly asked: readonly TcpProbe[]
}

/**
 * Makes an `httpGet` of the proxy of each `tcpSocket`, whose connection the proxy would take whether the application does or not. What
 * does not come to the proxy stays as it is.
 */
export function rewriteTcpProbes(spec: PodSpec, settings: InjectSettings): RewrittenSpec {
  if (settings.rewriteTcpProbes === 'disabled') return { spec, rewritten: [], asked: [] }
  const rewritten: RewrittenProbe[] = []
  const asked = new Map<string, TcpProbe>()
  const early = findEarly(spec, settings)
  const changed = changeProbes(spec, (probe, container, name) => {
    const found = early.has(container) ? undefined : toTcpProbe(probe, container, settings)
    if (found === undefined) return probe
    const { tcpSocket, ...rest } = probe
    const path = pathOfTcpProbe(found)
    rewritten.push({ container: container.name, probe: name, tcpSocket: tcpSocket! })
    asked.set(path, found)
    return { ...rest, httpGet: { path, port: PROXY_PORTS.probe } }
  })
  return { spec: changed, rewritten, asked: [...asked.values()] }
}

/** Undoes {@link rewriteTcpProbes} where nobody has changed the probe since. */
export function restoreTcpProbes(spec: PodSpec, rewritten: readonly RewrittenProbe[]): PodSpec {
  const before = new Map(rewritten.map(({ container, probe, tcpSocket }) => [`${container}/${probe}`, tcpSocket]))
  return changeProbes(spec, (probe, container, name) => {
    const tcpSocket = before.get(`${container.name}/${name}`)
    const { httpGet, ...rest } = probe
    const isOurs = httpGet?.port === PROXY_PORTS.probe && String(httpGet.path).startsWith(TCP_PROBE_PATH)
    return tcpSocket === undefined || !isOurs ? probe : { ...rest, tcpSocket }
  })
}

/**
 * Containers whose probes cannot ask the proxy: a classic sidecar starts after all init containers, and one of them that goes on may be
 * waited for before that.
 */
export function findEarly({ initContainers }: PodSpec, { proxyMode }: InjectSettings): ReadonlySet<Container> {
  return new Set(proxyMode === 'classic' ? initContainers : [])
}

/** What the proxy is to be asked in place of `probe`; `undefined`: it does not come to the proxy, or the kubelet cannot ask it either. */
export function toTcpProbe(
  { tcpSocket, timeoutSeconds = 1 }: Probe,
  container: Container,
  { skipInboundPorts }: InjectSettings,
): TcpProbe | undefined {
  if (!isMap(tcpSocket) || namesHost(tcpSocket)) return undefined
  const port = portOf(tcpSocket, container)
  if (port === undefined || hasPort(skipInboundPorts, port)) return undefined
  return { port, timeoutSeconds: Math.max(1, Math.trunc(timeoutSeconds)) }
}

/** Whether a kubelet connects elsewhere than to the pod. */
export function namesHost({ host = '' }: TcpSocket): boolean {
  return host !== ''
}

/** As a kubelet finds it: by name among the container's own ports, else as a number. */
function portOf({ port }: TcpSocket, { ports = [] }: Container): number | undefined {
  const named = ports.find(({ name }) => name === port)
  const number = named?.containerPort ?? Number(port)
  return Number.isInteger(number) && number >= 1 && number <= 65_535 ? number : undefined
}

type ChangeProbe = (probe: Probe, container: Container, name: (typeof PROBES)[number]) => Probe

function changeProbes(spec: PodSpec, change: ChangeProbe): PodSpec {
  const { initContainers, containers } = spec
  return {
    ...spec,
    ...(initContainers !== undefined && { initContainers: initContainers.map((one) => changeContainer(one, change)) }),
    ...(containers !== undefined && { containers: containers.map((one) => changeContainer(one, change)) }),
  }
}

function changeContainer(container: Container, change: ChangeProbe): Container {
  const changed: Partial<Record<(typeof PROBES)[number], Probe>> = {}
  for (const name of PROBES) {
    const probe = container[name]
    if (isMap(probe)) changed[name] = change(probe, container, name)
  }
  return { ...container, ...changed }
}
