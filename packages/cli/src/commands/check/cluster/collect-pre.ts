import { KubeError, type Resource } from '@heddle/kube/client'
import { INJECT_ANNOTATION } from '@heddle/kube/inject/names'
import { renderInstall } from '@heddle/kube/install'
import { renderCrds } from '@heddle/kube/install/crds'
import { listOtherInstallations } from '@heddle/kube/install/installed'
import { readInstallValues } from '@heddle/kube/install/read-values'
import { NAMESPACES, resourceOf } from '@heddle/kube/resources'
import type { Cluster } from '../../../client/cluster.ts'
import { learn } from '../fact.ts'
import type { BaseFacts, PreFacts, Right } from './cluster-facts.ts'
import { ask } from './collect-base.ts'

/** Looks up whether an installation would work. Changes nothing. */
export async function collectPre(base: BaseFacts, cluster: Cluster): Promise<PreFacts> {
  const { kube, heddleNamespace: name } = cluster
  const [namespaceExists, otherInstallations, rights, podRefusal] = await Promise.all([
    ask(
      cluster,
      `read namespace "${name}"`,
      async () => (await kube.get({ resource: NAMESPACES, name })) !== undefined,
    ),
    ask(cluster, 'list ClusterRoles and ConfigMaps', () => listOtherInstallations(kube, name)),
    ask(cluster, 'ask what this user may do', () => askRights(cluster)),
    learn(() => tryPod(cluster)),
  ])
  return { ...base, namespaceExists, otherInstallations, rights, podRefusal }
}

/** Everything that `heddle install` has is to be made; and of what its Roles allow, that which is given least: Secrets can be read. */
async function askRights(cluster: Cluster): Promise<readonly Right[]> {
  const { heddleNamespace } = cluster
  const objects = [...renderCrds(), ...renderInstall(readInstallValues([{ kind: 'ha' }]), heddleNamespace)]
  const resources = new Map<string, Resource>()
  for (const { apiVersion = '', kind = '' } of objects) {
    const resource = resourceOf(apiVersion, kind)
    if (resource !== undefined) resources.set(kind, resource)
  }
  const questions = [...resources.values()].map((resource) => ({ verb: 'create', resource }))
  const secrets = resourceOf('v1', 'Secret')!
  return await Promise.all([...questions, { verb: 'get', resource: secrets }].map((one) => askRight(one, cluster)))
}

interface ReviewAnswer {
  readonly status: { readonly allowed: boolean; readonly reason?: string }
}

async function askRight(
  { verb, resource }: { readonly verb: string; readonly resource: Resource },
  { kube, heddleNamespace }: Cluster,
): Promise<Right> {
  const { group, plural, namespaced } = resource
  const namespace = namespaced ? heddleNamespace : ''
  const { status } = await kube.request<ReviewAnswer>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    isIdempotent: true,
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb, group, resource: plural, ...(namespaced && { namespace }) } },
    },
  })
  const name = group === '' ? plural : `${plural}.${group}`
  return { verb, resource: name, namespace, isAllowed: status.allowed, reason: status.reason ?? '' }
}

/** A pod with what injection adds, tried in the namespace of the user's context. */
async function tryPod({ kube, namespace }: Cluster): Promise<string> {
  const container = (name: string) => ({ name, image: 'heddle/proxy' })
  const securityContext = {
    allowPrivilegeEscalation: false,
    capabilities: { add: ['NET_ADMIN', 'NET_RAW'], drop: ['ALL'] },
    runAsUser: 0,
  }
  try {
    await kube.request({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/pods`,
      query: { dryRun: 'All' },
      body: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'heddle-check', annotations: { [INJECT_ANNOTATION]: 'disabled' } },
        spec: {
          restartPolicy: 'Never',
          initContainers: [{ ...container('redirect'), securityContext }],
          containers: [container('application')],
        },
      },
    })
    return ''
  } catch (error) {
    if (!(error instanceof KubeError)) throw error
    const isJudged = error.status === 403 && !/cannot create resource/.test(error.message)
    if (isJudged || error.status === 422 || error.status === 400) return `in namespace "${namespace}": ${error.message}`
    throw error
  }
}
