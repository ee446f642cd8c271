import type { KubeClient, KubeDraft, KubeObject, Resource } from '../client/client.ts'
import {
  apiVersionOf,
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  CONFIG_MAPS,
  CUSTOM_RESOURCE_DEFINITIONS,
  DAEMON_SETS,
  DEPLOYMENTS,
  LEASES,
  MUTATING_WEBHOOKS,
  NAMESPACES,
  POD_DISRUPTION_BUDGETS,
  PODS,
  ROLE_BINDINGS,
  ROLES,
  SECRETS,
  SERVICE_ACCOUNTS,
  SERVICES,
  VALIDATING_WEBHOOKS,
} from '../client/resources.ts'
import { CONTROL_NAMESPACE_LABEL, STATUS_ANNOTATION } from '../inject/names.ts'
import { INSTALL_NAMES, INSTALLATION_LABEL, PART_OF_HEDDLE } from './install-names.ts'

/** Kinds of which an installation has, or ever had, objects; in the order in which they best go: what asks the control plane first. */
const OWNED: readonly Resource[] = [
  MUTATING_WEBHOOKS,
  VALIDATING_WEBHOOKS,
  POD_DISRUPTION_BUDGETS,
  DEPLOYMENTS,
  DAEMON_SETS,
  SERVICES,
  CONFIG_MAPS,
  SECRETS,
  LEASES,
  ROLE_BINDINGS,
  ROLES,
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  SERVICE_ACCOUNTS,
  NAMESPACES,
]

/** What the control plane makes itself; it belongs to no version's manifest. */
const MADE_AT_RUN_TIME: readonly { readonly resource: Resource; readonly name: string }[] = [
  { resource: SECRETS, name: INSTALL_NAMES.authority },
  { resource: SECRETS, name: INSTALL_NAMES.joinTokens },
  { resource: CONFIG_MAPS, name: INSTALL_NAMES.trustBundle },
  { resource: LEASES, name: INSTALL_NAMES.lease },
]

type Reader = Pick<KubeClient, 'get' | 'list'>

/**
 * All objects of the installation in `namespace`, wherever they are, as far as `kubectl delete -f -` needs them: kind, name and namespace.
 * Those of an earlier version too, and what the control plane made itself; without CRDs.
 */
export async function listOwnedObjects(client: Reader, namespace: string): Promise<readonly KubeDraft[]> {
  const labelled = await Promise.all(OWNED.map((resource) => listLabelled(client, resource, namespace)))
  const made = await Promise.all(MADE_AT_RUN_TIME.map((one) => findMade(client, one, namespace)))
  const found = labelled.flatMap((objects, i) => {
    return [...objects, ...made.flatMap((one) => (one !== undefined && one.resource === OWNED[i] ? [one.object] : []))]
  })
  return [...new Map(found.map((object) => [identityOf(object), object])).values()]
}

async function listLabelled(client: Reader, resource: Resource, namespace: string): Promise<readonly KubeDraft[]> {
  const { items } = await client.list(resource, {
    labelSelector: toSelector({ [INSTALLATION_LABEL]: namespace }),
    ...(resource.namespaced && { namespace }),
  })
  return items.map((item) => toReference(resource, item))
}

async function findMade(
  client: Reader,
  { resource, name }: (typeof MADE_AT_RUN_TIME)[number],
  namespace: string,
): Promise<{ readonly resource: Resource; readonly object: KubeDraft } | undefined> {
  const found = await client.get({ resource, namespace, name })
  return found && { resource, object: toReference(resource, found) }
}

/** All objects of the agent of nodes, as {@link listOwnedObjects} gives those of an installation. */
export async function listNodeAgent(client: Reader): Promise<readonly KubeDraft[]> {
  const labelSelector = toSelector({ 'app.kubernetes.io/name': INSTALL_NAMES.nodeAgent })
  const within = { namespace: INSTALL_NAMES.nodeAgent }
  const lists = await Promise.all(
    OWNED.map(async (resource) => {
      const { items } = await client.list(resource, { labelSelector, ...(resource.namespaced && within) })
      return items.map((item) => toReference(resource, item))
    }),
  )
  return lists.flat()
}

/** Heddle's CRDs that are there, whoever made them; with them goes every object of these kinds. */
export async function listOwnedCrds(client: Reader): Promise<readonly KubeDraft[]> {
  const { items } = await client.list(CUSTOM_RESOURCE_DEFINITIONS, {
    labelSelector: toSelector(PART_OF_HEDDLE),
  })
  const own = items.filter(({ metadata }) => metadata.name.endsWith('.heddle.dev'))
  return own.map((item) => toReference(CUSTOM_RESOURCE_DEFINITIONS, item))
}

/** Of `owned`, what is neither in `rendered` nor made by the control plane itself. */
export function findExtraneous(owned: readonly KubeDraft[], rendered: readonly KubeDraft[]): readonly KubeDraft[] {
  const made = MADE_AT_RUN_TIME.map(({ resource, name }) => `${resource.kind} ${name}`)
  const wanted = new Set(rendered.map(identityOf))
  return owned.filter((object) => {
    return !wanted.has(identityOf(object)) && !made.includes(`${object.kind} ${object.metadata.name}`)
  })
}

function identityOf({ apiVersion, kind, metadata: { name, namespace = '' } }: KubeObject): string {
  return `${apiVersion} ${kind} ${namespace}/${name}`
}

function toReference(resource: Resource, { metadata }: KubeObject): KubeDraft {
  const { kind, namespaced } = resource
  const { name, namespace } = metadata
  return {
    apiVersion: apiVersionOf(resource),
    kind,
    metadata: { name, ...(namespaced && namespace !== undefined && { namespace }) },
  }
}

function toSelector(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .join(',')
}

/**
 * Namespaces in which pods with a proxy of the installation in `installation` run, and how many each; those that have ended, as of Jobs, run
 * none.
 */
export async function countMeshedPods(
  client: Pick<KubeClient, 'listPages'>,
  installation: string,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  for await (const { items } of client.listPages(PODS)) {
    for (const pod of items.filter((one) => hasRunningProxy(one) && isOf(one, installation))) {
      const { namespace = '' } = pod.metadata
      counts.set(namespace, (counts.get(namespace) ?? 0) + 1)
    }
  }
  return counts
}

/** Who took the label away is taken for one of ours. */
function isOf({ metadata }: KubeObject, installation: string): boolean {
  return (metadata.labels?.[CONTROL_NAMESPACE_LABEL] ?? installation) === installation
}

function hasRunningProxy({ metadata, status }: KubeObject): boolean {
  const { phase } = (status ?? {}) as { readonly phase?: string }
  return metadata.annotations?.[STATUS_ANNOTATION] !== undefined && phase !== 'Succeeded' && phase !== 'Failed'
}
