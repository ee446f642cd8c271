import type { KubeObject } from '@heddle/kube/client'
import { NAMESPACES, PODS, SERVICES } from '@heddle/kube/resources'
import type { Cluster } from '../../../client/cluster.ts'
import type { PodObject } from '../../../client/control-pod.ts'
import type { InstallFacts, NamespaceFact, ProxyFacts, ServiceFact } from './cluster-facts.ts'
import { ask } from './collect-base.ts'

/** Looks up pods and what belongs to them; with a namespace only there. */
export async function collectProxies(install: InstallFacts, cluster: Cluster, namespace: string): Promise<ProxyFacts> {
  const { kube } = cluster
  const where = namespace === '' ? {} : { namespace }
  const [namespaces, meshPods, services] = await Promise.all([
    ask(cluster, 'list namespaces', async () => (await kube.list<KubeObject>(NAMESPACES)).items.map(toNamespace)),
    ask(cluster, 'list pods', async () => (await kube.list<PodObject>(PODS, where)).items),
    ask(cluster, 'list services', async () => (await kube.list<ServiceFact>(SERVICES, where)).items),
  ])
  return { ...install, namespace, namespaces, meshPods, services }
}

function toNamespace({ metadata }: KubeObject): NamespaceFact {
  const { name, annotations = {}, labels = {} } = metadata
  return { name, annotations, labels }
}
