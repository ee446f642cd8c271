import { PROXY_PORTS } from '@heddle/api/proxy-ports'
import { isMap } from '@heddle/base/is-map'
import { hasPort } from '../interception/port-range.ts'
import { type Container, graceSecondsOf, type PodTemplate } from './pod.ts'
import { drainDelayMsOf, type InjectSettings } from './settings.ts'
import { findEarly, namesHost, PROBES, toTcpProbe } from './tcp-probes.ts'

/** What will probably not be as its author thinks, one sentence each. */
export function findDoubts({ spec = {} }: PodTemplate, settings: InjectSettings): readonly string[] {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])]
  const early = findEarly(spec, settings)
  const doubts = containers.flatMap((container) => [
    ...usesProxyUid(container, spec.securityContext?.runAsUser, settings),
    ...takesProxyPort(container),
    ...hasOpaqueSkipped(container, settings),
    ...asksInVain(container, early, settings),
  ])
  if (settings.proxyMode === 'classic' && (spec.restartPolicy === 'Never' || spec.restartPolicy === 'OnFailure')) {
    doubts.push('a pod that should end does not while a classic sidecar runs in it: use heddle.dev/proxy-mode: native')
  }
  const graceSeconds = graceSecondsOf(spec)
  if (graceSeconds * 1000 < drainDelayMsOf(settings) + settings.proxyDrainMs) {
    doubts.push(`terminationGracePeriodSeconds is ${graceSeconds}, less than the proxy takes to drain`)
  }
  return doubts
}

function usesProxyUid(container: Container, podUid: number | undefined, { proxyUid }: InjectSettings): string[] {
  const uid = container.securityContext?.runAsUser ?? podUid
  if (uid !== proxyUid) return []
  return [
    `container ${container.name} runs as user ${uid}, which is the proxy's: its connections do not go through the proxy`,
  ]
}

function takesProxyPort({ name, ports = [] }: Container): string[] {
  const taken = Object.values(PROXY_PORTS) as number[]
  return ports
    .filter(({ containerPort }) => taken.includes(containerPort))
    .map(({ containerPort }) => `container ${name} declares port ${containerPort}, which the proxy listens on`)
}

function hasOpaqueSkipped({ name, ports = [] }: Container, settings: InjectSettings): string[] {
  return ports
    .filter(
      ({ containerPort: port }) => hasPort(settings.opaquePorts, port) && hasPort(settings.skipInboundPorts, port),
    )
    .map(({ containerPort }) => `port ${containerPort} of container ${name} is both opaque and skipped: it is skipped`)
}

/** Who switched the rewriting off needs not be told. */
function asksInVain(container: Container, early: ReadonlySet<Container>, settings: InjectSettings): string[] {
  if (settings.rewriteTcpProbes === 'disabled') return []
  return PROBES.flatMap((name) => {
    const { tcpSocket } = container[name] ?? {}
    if (!isMap(tcpSocket)) return []
    const says = (why: string) => [
      `${name} of container ${container.name} ${why}, so it is left as it is: a proxy may answer it`,
    ]
    if (namesHost(tcpSocket)) return says('names a host')
    const isEarly = early.has(container) && toTcpProbe(container[name]!, container, settings) !== undefined
    return isEarly ? says('begins before a classic sidecar') : []
  })
}
