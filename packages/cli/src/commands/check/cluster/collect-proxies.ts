import type { KubeObject } from '@heddle/kube/client'
import { findNodeAgent } from '@heddle/kube/install/installed'
import { NAMESPACES, PODS, SERVICES } from '@heddle/kube/resources'
import type { Cluster } from '../../../client/cluster.ts'
import type { PodObject } from '../../../client/control-pod.ts'
import { findAgentOwner } from '../../install/other-installation.ts'
import type { InstallFacts, NamespaceFact, NodeAgentFact, ProxyFacts, ServiceFact } from './cluster-facts.ts'
import { ask } from './collect-base.ts'

/** Looks up pods and what belongs to them; with a namespace only there. */
export async function collectProxies(install: InstallFacts, cluster: Cluster, namespace: string): Promise<ProxyFacts> {
  const { kube } = cluster
  const where = namespace === '' ? {} : { namespace }
  const [namespaces, meshPods, services, nodeAgent] = await Promise.all([
    ask(cluster, 'list namespaces', async () => (await kube.list<KubeObject>(NAMESPACES)).items.map(toNamespace)),
    ask(cluster, 'list pods', async () => (await kube.list<PodObject>(PODS, where)).items),
    ask(cluster, 'list services', async () => (await kube.list<ServiceFact>(SERVICES, where)).items),
    ask(cluster, 'read the DaemonSet of the agent of nodes', () => readNodeAgent(cluster)),
  ])
  return { ...install, namespace, namespaces, meshPods, services, nodeAgent }
}

async function readNodeAgent(cluster: Cluster): Promise<NodeAgentFact | undefined> {
  const agent = await findNodeAgent(cluster.kube)
  if (agent === undefined) return undefined
  const { wanted, ready } = agent
  const owner = await findAgentOwner(cluster, agent)
  return { wanted, ready, ...(owner !== undefined && { owner: owner.namespace }) }
}

function toNamespace({ metadata }: KubeObject): NamespaceFact {
  const { name, annotations = {}, labels = {} } = metadata
  return { name, annotations, labels }
}
