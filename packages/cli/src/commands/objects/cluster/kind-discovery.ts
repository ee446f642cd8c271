import type { KubeClient, Resource } from '@heddle/kube/client'
import { RESOURCES, resourceOf } from '@heddle/kube/resources'
import { isKubeStatus } from '../../../client/explain-kube.ts'

interface ApiResourceList {
  readonly resources: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[]
}

/** Finds how the API server's paths name a kind; asks it once for each group of kinds that are not known anyway. */
export class KindDiscovery {
  readonly #kube: KubeClient
  readonly #lists = new Map<string, Promise<ApiResourceList | undefined>>()

  constructor(kube: KubeClient) {
    this.#kube = kube
  }

  /** `undefined`: the cluster has no such kind. */
  async find(apiVersion: string, kind: string): Promise<Resource | undefined> {
    const known = resourceOf(apiVersion, kind)
    if (known !== undefined) return known
    const list = await this.#list(apiVersion)
    // Subresources are listed as well: `deployments/scale`.
    const found = list?.resources.find((resource) => resource.kind === kind && !resource.name.includes('/'))
    if (found === undefined) return undefined
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
    return { group: group!, version: version!, plural: found.name, kind, namespaced: found.namespaced }
  }

  #list(apiVersion: string): Promise<ApiResourceList | undefined> {
    const known = this.#lists.get(apiVersion)
    if (known !== undefined) return known
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
    const asked = this.#kube.request<ApiResourceList>({ method: 'GET', path }).catch((error: unknown) => {
      if (isKubeStatus(error, 404)) return undefined
      throw error
    })
    this.#lists.set(apiVersion, asked)
    return asked
  }
}

/** The resource of a kind of the mesh's own words: `HTTPRoute`. */
export function resourceOfKind(kind: string): Resource | undefined {
  return RESOURCES.find((resource) => resource.kind === kind)
}
