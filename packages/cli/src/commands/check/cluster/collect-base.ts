import { request } from 'node:https'
import type { Clock } from '@heddle/base/clock'
import type { KubeObject } from '@heddle/kube/client'
import type { ClusterAccess } from '@heddle/kube/kubeconfig'
import { CUSTOM_RESOURCE_DEFINITIONS, NODES } from '@heddle/kube/resources'
import type { Cluster } from '../../../client/cluster.ts'
import { explainKube } from '../../../client/explain-kube.ts'
import { CLIENT_VERSION } from '../../client-version.ts'
import { type Fact, learn } from '../fact.ts'
import type { ApiVersion, BaseFacts, ClockReading, CrdFact, NodeFact } from './cluster-facts.ts'

const TIMEOUT_MS = 10_000

/** Looks up what every check on a cluster is about. */
export async function collectBase(cluster: Cluster, clock: Clock): Promise<BaseFacts> {
  const { contextName, server, heddleNamespace, kube, access } = cluster
  const api = await ask(cluster, 'ask for the version', async () => {
    return toVersion(await kube.request<VersionAnswer>({ method: 'GET', path: '/version' }))
  })
  const nothing = { kind: 'unknown', reason: 'the API server does not answer', hints: [] } as const
  const isUp = api.kind === 'known'
  const [nodes, crds] = isUp ? await Promise.all([collectNodes(cluster), collectCrds(cluster)]) : [nothing, nothing]
  return {
    contextName,
    server,
    heddleNamespace,
    clientVersion: CLIENT_VERSION,
    nowMs: clock.nowMs(),
    api,
    // By itself: what else is under way would count as a difference of clocks.
    clock: isUp ? await learn(() => readServerClock(access, clock)) : nothing,
    nodes,
    crds,
  }
}

/** A call to the API server as a fact, explained as any other failure of one. */
export function ask<T>(cluster: Cluster, deed: string, call: () => Promise<T>): Promise<Fact<T>> {
  return learn(() =>
    call().catch((error: unknown) => {
      throw explainKube(error, deed, cluster)
    }),
  )
}

interface VersionAnswer {
  readonly major: string
  readonly minor: string
  readonly gitVersion: string
}

/** Some vendors write a minor of `33+`. */
function toVersion({ major, minor, gitVersion }: VersionAnswer): ApiVersion {
  return { major: Number.parseInt(major, 10), minor: Number.parseInt(minor, 10), text: gitVersion }
}

interface NodeObject extends KubeObject {
  readonly status?: { readonly nodeInfo?: { readonly kubeletVersion?: string } }
}

function collectNodes(cluster: Cluster): Promise<Fact<readonly NodeFact[]>> {
  return ask(cluster, 'list nodes', async () => {
    const { items } = await cluster.kube.list<NodeObject>(NODES)
    return items.map(({ metadata, status }) => ({
      name: metadata.name,
      kubelet: parseVersion(status?.nodeInfo?.kubeletVersion ?? ''),
    }))
  })
}

function parseVersion(text: string): ApiVersion {
  const [, major = '0', minor = '0'] = /^v?(\d+)\.(\d+)/.exec(text) ?? []
  return { major: Number(major), minor: Number(minor), text }
}

interface CrdObject extends KubeObject {
  readonly spec?: { readonly versions?: readonly { readonly name: string; readonly served: boolean }[] }
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

const GROUPS = /\.(heddle\.dev|gateway\.networking\.k8s\.io)$/

/** Page by page: the definitions of a large cluster are tens of megabytes. */
function collectCrds(cluster: Cluster): Promise<Fact<readonly CrdFact[]>> {
  return ask(cluster, 'list CustomResourceDefinitions', async () => {
    const found: CrdFact[] = []
    for await (const { items } of cluster.kube.listPages<CrdObject>(CUSTOM_RESOURCE_DEFINITIONS, { pageSize: 20 })) {
      found.push(...items.filter(({ metadata }) => GROUPS.test(metadata.name)).map(toCrd))
    }
    return found
  })
}

function toCrd({ metadata, spec, status }: CrdObject): CrdFact {
  const { conditions = [] } = status ?? {}
  return {
    name: metadata.name,
    servedVersions: (spec?.versions ?? []).filter(({ served }) => served).map(({ name }) => name),
    isEstablished: conditions.some((one) => one.type === 'Established' && one.status === 'True'),
    bundleVersion: metadata.annotations?.['gateway.networking.k8s.io/bundle-version'] ?? '',
  }
}

/** By the `Date` of an answer (RFC 9110 §6.6.1), which the client for objects does not show. */
async function readServerClock(access: ClusterAccess, clock: Clock): Promise<ClockReading> {
  const { headers, agent } = await access.credentials()
  const startUs = clock.monotonicUs()
  const date = await new Promise<string | undefined>((resolve, reject) => {
    const options = { agent, headers: { ...headers } as Record<string, string | string[]>, timeout: TIMEOUT_MS }
    const asked = request(`${access.server}/version`, options, (answer) => {
      answer.resume()
      resolve(answer.headers.date)
    })
    asked.on('timeout', () => asked.destroy(new Error('the API server took too long to answer')))
    asked.on('error', reject)
    asked.end()
  })
  const serverMs = Date.parse(date ?? '')
  if (Number.isNaN(serverMs)) throw new Error('the API server says no time')
  return { serverMs, localMs: clock.nowMs(), roundTripMs: (clock.monotonicUs() - startUs) / 1000 }
}
