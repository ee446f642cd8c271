import { create } from '@bufbuild/protobuf'
import { type ProxyStatus, ProxyStatusSchema } from '@heddle/api/admin'
import type { Node } from '@heddle/api/discovery'
import { compareTexts } from '@heddle/base/compare-texts'
import type { DiscoveryHub } from '../discovery/discovery-hub.ts'
import type { DiscoveryStream } from '../discovery/discovery-stream.ts'
import { instanceKey } from '../model/instance.ts'
import type { Model } from '../model/model.ts'
import type { Replicas } from '../replicas/replicas.ts'
import type { TelemetryStore } from '../telemetry/telemetry-store.ts'

export interface ProxyDeps {
  readonly model: Model
  readonly hub: DiscoveryHub
  readonly store: TelemetryStore
}

/** The proxies of a namespace (empty: of all), wherever they are connected. */
export async function listProxies(
  namespace: string,
  { replicas, ...deps }: ProxyDeps & { readonly replicas: Replicas },
): Promise<ProxyStatus[]> {
  const { answers } = await replicas.ask((client, signal) => client.listProxies({ namespace }, { signal }))
  const merged = new Map<string, ProxyStatus>()
  for (const proxy of [...listOwnProxies(namespace, deps), ...answers.flatMap(({ proxies }) => proxies)]) {
    const known = merged.get(instanceKey(proxy))
    merged.set(instanceKey(proxy), known === undefined ? proxy : mergeStatus(known, proxy))
  }
  return [...merged.values()].sort((a, b) => compareTexts(instanceKey(a), instanceKey(b)))
}

/** One that has changed from a replica to another is with the one that it is connected to. */
function mergeStatus(a: ProxyStatus, b: ProxyStatus): ProxyStatus {
  const present = b.connected && !a.connected ? b : a
  if (a.lastReportMs > present.lastReportMs) present.lastReportMs = a.lastReportMs
  if (b.lastReportMs > present.lastReportMs) present.lastReportMs = b.lastReportMs
  return present
}

/** Those that are connected here, and those that are registered here and not connected at the moment. */
export function listOwnProxies(namespace: string, { model, hub, store }: ProxyDeps): ProxyStatus[] {
  const streams = new Map([...hub.streams()].map((stream) => [instanceKey(stream.node), stream]))
  return model
    .registrations()
    .filter(({ node }) => namespace === '' || node.namespace === namespace)
    .map(({ node }) => proxyStatus(node, streams.get(instanceKey(node)), store))
    .sort((a, b) => compareTexts(instanceKey(a), instanceKey(b)))
}

function proxyStatus(node: Node, stream: DiscoveryStream | undefined, store: TelemetryStore): ProxyStatus {
  const { namespace, instance, workload, proxyVersion, mode } = node
  return create(ProxyStatusSchema, {
    namespace,
    instance,
    workload,
    proxyVersion,
    mode,
    connected: stream !== undefined,
    sequenceSent: stream?.sequenceSent ?? 0n,
    sequenceApplied: stream?.sequenceApplied ?? 0n,
    problems: [...(stream?.problems ?? [])],
    lastReportMs: BigInt(store.reporter(namespace, instance)?.lastReportMs ?? 0),
  })
}
