import { create } from '@bufbuild/protobuf'
import { type ProxyStatus, ProxyStatusSchema } from '@heddle/api/admin'
import type { Node } from '@heddle/api/discovery'
import type { DiscoveryHub } from '../discovery/discovery-hub.ts'
import type { DiscoveryStream } from '../discovery/discovery-stream.ts'
import { instanceKey } from '../model/instance.ts'
import type { Model } from '../model/model.ts'
import type { TelemetryStore } from '../telemetry/telemetry-store.ts'

export interface ProxyDeps {
  readonly model: Model
  readonly hub: DiscoveryHub
  readonly store: TelemetryStore
}

/** The proxies of a namespace (empty: of all), also those that are registered and not connected at the moment. */
export function listProxies(namespace: string, { model, hub, store }: ProxyDeps): ProxyStatus[] {
  const streams = new Map([...hub.streams()].map((stream) => [instanceKey(stream.node), stream]))
  return model
    .registrations()
    .filter(({ node }) => namespace === '' || node.namespace === namespace)
    .map(({ node }) => proxyStatus(node, streams.get(instanceKey(node)), store))
    .sort((a, b) => (instanceKey(a) < instanceKey(b) ? -1 : 1))
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
