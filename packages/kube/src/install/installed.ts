import type { KubeClient, KubeObject } from '../client/client.ts'
import { CLUSTER_ROLES, CONFIG_MAPS, CUSTOM_RESOURCE_DEFINITIONS, DAEMON_SETS } from '../client/resources.ts'
import { CONFIG_KEYS, INSTALL_NAMES, INSTALLATION_LABEL } from './install-names.ts'
import type { ValueTree } from './override.ts'
import { readValueTree } from './read-value-tree.ts'
import { renderCrds } from './render-crds.ts'

/** What a cluster says about its installation. */
export interface Installed {
  readonly version: string
  /** What was said when it was installed or last upgraded; empty when that cannot be read. */
  readonly overrides: ValueTree
  /** All values of then. */
  readonly values: ValueTree
  /** Helm looks after it. */
  readonly isHelms: boolean
}

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

type Reader = Pick<KubeClient, 'get'>

/** The installation in a namespace; `undefined` when there is none. */
export async function findInstalled(client: Reader, namespace: string): Promise<Installed | undefined> {
  const found = await client.get<ConfigMap>({ resource: CONFIG_MAPS, namespace, name: INSTALL_NAMES.config })
  if (found === undefined) return undefined
  const { data = {}, metadata } = found
  return {
    version: data[CONFIG_KEYS.version] ?? 'unknown',
    overrides: readValueTree(data[CONFIG_KEYS.overrides] ?? '') ?? {},
    values: readValueTree(data[CONFIG_KEYS.values] ?? '') ?? {},
    isHelms: metadata.labels?.['app.kubernetes.io/managed-by'] === 'Helm',
  }
}

/**
 * Namespaces, other than `namespace`, of installations: those that objects of the whole cluster belong to, and those that have their values.
 * Such objects have the same names in every installation, so that they belong to the one that was applied last, and the others have them no more.
 */
export async function listOtherInstallations(
  client: Pick<KubeClient, 'list'>,
  namespace: string,
): Promise<readonly string[]> {
  const labelled = { labelSelector: INSTALLATION_LABEL }
  const [roles, maps] = await Promise.all([client.list(CLUSTER_ROLES, labelled), client.list(CONFIG_MAPS, labelled)])
  const values = maps.items.filter(({ metadata }) => metadata.name === INSTALL_NAMES.config)
  const namespaces = [...roles.items, ...values].map(
    ({ metadata }) => metadata.labels?.[INSTALLATION_LABEL] ?? namespace,
  )
  return [...new Set(namespaces)].filter((other) => other !== namespace).sort()
}

/** What a cluster says about its agent of nodes. */
export interface InstalledAgent extends Pick<Installed, 'version'> {
  /** What was said to it alone; empty too where it is of a version that did not keep this. */
  readonly overrides: ValueTree
  /** Namespace of the installation that it belongs to; `undefined`: of a version that did not say so. */
  readonly installation: string | undefined
  /** Nodes that should run it. */
  readonly wanted: number
  /** Nodes where it is ready. */
  readonly ready: number
}

interface DaemonSet extends KubeObject {
  readonly status?: { readonly desiredNumberScheduled?: number; readonly numberReady?: number }
}

/** The agent of nodes, of which a cluster has one; `undefined` when there is none. */
export async function findNodeAgent(client: Reader): Promise<InstalledAgent | undefined> {
  const own = { namespace: INSTALL_NAMES.nodeAgent, name: INSTALL_NAMES.nodeAgent }
  const [daemonSet, config] = await Promise.all([
    client.get<DaemonSet>({ resource: DAEMON_SETS, ...own }),
    client.get<ConfigMap>({ resource: CONFIG_MAPS, ...own }),
  ])
  if (daemonSet === undefined) return undefined
  const { data = {} } = config ?? {}
  const { desiredNumberScheduled: wanted = 0, numberReady: ready = 0 } = daemonSet.status ?? {}
  return {
    wanted,
    ready,
    version: data[CONFIG_KEYS.version] ?? 'unknown',
    installation: data[CONFIG_KEYS.installation],
    overrides: readValueTree(data[CONFIG_KEYS.overrides] ?? '') ?? {},
  }
}

/** Names of Heddle's CRDs that a cluster does not have. */
export async function findMissingCrds(client: Reader): Promise<readonly string[]> {
  return await findMissing(
    client,
    renderCrds().map(({ metadata }) => metadata.name),
  )
}

/** Names of the Gateway API's CRDs that Heddle reads and a cluster does not have: what such objects say has no effect then. */
export async function findMissingGatewayCrds(client: Reader): Promise<readonly string[]> {
  return await findMissing(
    client,
    ['grpcroutes', 'httproutes', 'referencegrants'].map((plural) => `${plural}.gateway.networking.k8s.io`),
  )
}

async function findMissing(client: Reader, names: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(names.map((name) => client.get({ resource: CUSTOM_RESOURCE_DEFINITIONS, name })))
  return names.filter((_, i) => found[i] === undefined)
}
