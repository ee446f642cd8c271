import type {
  KubeClient,
  KubeDraft,
  KubeList,
  KubeObject,
  ListOptions,
  ObjectName,
  Resource,
} from '@heddle/kube/client'
import { apiVersionOf } from '@heddle/kube/resources'
import { isLabelSelected } from '@heddle/testkit/label-selector'
import type { Cluster } from '../src/client/cluster.ts'

/** A cluster that has these objects, and can be read only. */
export function storedCluster(objects: readonly KubeDraft[]): Cluster {
  return {
    access: unused('access'),
    kube: { ...unused<KubeClient>('kube'), ...readerOf(objects) },
    contextName: 'test',
    server: 'https://192.0.2.1:6443',
    namespace: 'default',
    heddleNamespace: 'heddle',
  }
}

/** Whatever is asked of it fails the test. */
function unused<T extends object>(name: string): T {
  return new Proxy({} as T, {
    get(_, method) {
      throw new Error(`${name}.${String(method)} is not expected here`)
    },
  })
}

function readerOf(objects: readonly KubeDraft[]): Pick<KubeClient, 'get' | 'list' | 'listPages'> {
  const list = async <T extends KubeObject>(resource: Resource, options: ListOptions = {}): Promise<KubeList<T>> => ({
    items: objects.filter((object) => isOf(object, resource) && isListed(object, options)) as unknown as readonly T[],
    resourceVersion: '1',
  })
  return {
    list,
    async get<T extends KubeObject>({ resource, namespace, name }: ObjectName) {
      const { items } = await list<T>(resource, namespace === undefined ? {} : { namespace })
      return items.find(({ metadata }) => metadata.name === name)
    },
    async *listPages<T extends KubeObject>(resource: Resource, options?: ListOptions) {
      yield await list<T>(resource, options)
    },
  }
}

function isOf({ apiVersion, kind }: KubeDraft, resource: Resource): boolean {
  return kind === resource.kind && apiVersion === apiVersionOf(resource)
}

function isListed({ metadata }: KubeDraft, { namespace, labelSelector }: ListOptions): boolean {
  if (namespace !== undefined && metadata.namespace !== namespace) return false
  return isLabelSelected(metadata.labels, labelSelector)
}
