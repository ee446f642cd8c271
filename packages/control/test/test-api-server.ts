import {
  type KubeClient,
  type KubeDraft,
  KubeError,
  type KubeList,
  type KubeObject,
  type KubeRequest,
  KubeTransportError,
  type ObjectName,
  type PatchOptions,
  type Resource,
} from '@heddle/kube/client'
import { apiVersionOf } from '@heddle/kube/resources'
import { FakeCluster } from './fake-cluster.ts'

/** Whom a token is for. */
export interface TestToken {
  /** `system:serviceaccount:NAMESPACE:NAME` */
  readonly username: string
  readonly audience: string
}

interface Webhooks extends KubeObject {
  readonly webhooks?: readonly { readonly name: string; readonly clientConfig?: object }[]
}

/** All that replicas of a control plane use of an API server, in memory. */
export class TestApiServer extends FakeCluster implements KubeClient {
  readonly tokens = new Map<string, TestToken>()
  /** Whether it is down for reviews of tokens. */
  reviewsFail = false
  reviews = 0

  /** Makes a token as the API server would. */
  token(namespace: string, account: string, audience: string): string {
    const text = `head.${Buffer.from(JSON.stringify([namespace, account, audience, this.tokens.size])).toString('base64url')}.sign`
    this.tokens.set(text, { username: `system:serviceaccount:${namespace}:${account}`, audience })
    return text
  }

  async create<T extends KubeObject>(resource: Resource, object: KubeDraft): Promise<T> {
    if ((await this.get(refOf(resource, object))) !== undefined) {
      throw new KubeError({ status: 409, reason: 'AlreadyExists', message: 'exists' })
    }
    return await this.#write<T>(resource, object)
  }

  async update<T extends KubeObject>(resource: Resource, object: KubeDraft): Promise<T> {
    const present = await this.get(refOf(resource, object))
    if (present === undefined) throw new KubeError({ status: 404, reason: 'NotFound', message: 'gone' })
    if (present.metadata.resourceVersion !== object.metadata.resourceVersion) {
      throw new KubeError({ status: 409, reason: 'Conflict', message: 'changed' })
    }
    return await this.#write<T>(resource, object)
  }

  async apply<T extends KubeObject>(resource: Resource, object: KubeDraft): Promise<T> {
    await this.get(refOf(resource, object))
    return await this.#write<T>(resource, object)
  }

  override async patch<T extends KubeObject>(ref: ObjectName, patch: unknown, options?: PatchOptions): Promise<T> {
    if (options?.type !== 'strategic') return await super.patch<T>(ref, patch)
    const present = await this.get<Webhooks>(ref)
    if (present === undefined) throw new KubeError({ status: 404, reason: 'NotFound', message: 'gone' })
    const { webhooks: changed = [] } = patch as Webhooks
    const webhooks = present.webhooks?.map((webhook) => {
      const clientConfig = changed.find(({ name }) => name === webhook.name)?.clientConfig
      return { ...webhook, clientConfig: { ...webhook.clientConfig, ...clientConfig } }
    })
    return await this.#write<T>(ref.resource, { ...present, webhooks } as KubeDraft)
  }

  async list<T extends KubeObject>(resource: Resource): Promise<KubeList<T>> {
    for await (const page of this.listPages<T>(resource)) return page
    throw new Error('no page')
  }

  async delete(): Promise<boolean> {
    throw new Error('nothing is deleted by a control plane')
  }

  override async request<T>(request: KubeRequest): Promise<T> {
    if (!request.path.endsWith('/tokenreviews')) return await super.request<T>(request)
    this.reviews += 1
    if (this.reviewsFail) throw new KubeTransportError('connection', 'connect ECONNREFUSED')
    const { token, audiences } = (request.body as { spec: { token: string; audiences: readonly string[] } }).spec
    const known = this.tokens.get(token)
    const isGood = known !== undefined && audiences.includes(known.audience)
    const status = isGood
      ? { authenticated: true, audiences: [known.audience], user: { username: known.username } }
      : { authenticated: false, error: 'invalid bearer token' }
    return { status } as T
  }

  async #write<T extends KubeObject>(resource: Resource, object: KubeDraft): Promise<T> {
    this.put({ ...object, apiVersion: apiVersionOf(resource), kind: resource.kind })
    return (await this.get<T>(refOf(resource, object)))!
  }
}

function refOf(resource: Resource, { metadata: { namespace, name } }: KubeDraft): ObjectName {
  return { resource, name, ...(namespace !== undefined && { namespace }) }
}
