import type { Installed, InstalledAgent } from '@heddle/kube/install/installed'
import { CliError } from '../../cli-error.ts'
import type { Cluster } from '../../client/cluster.ts'

type Where = Pick<Cluster, 'kube' | 'heddleNamespace'>

/** An installation in another namespace than the one that is meant. */
export interface OtherInstallation extends Pick<Installed, 'version'> {
  readonly namespace: string
}

/** @throws {CliError} where a cluster has an installation in another namespace: what is the whole cluster's would become this one's */
export async function refuseOtherInstallation(where: Where): Promise<void> {
  const other = await findOtherInstallation(where)
  if (other === undefined) return
  const { namespace, version } = other
  throw new CliError(
    `Heddle is installed already, in namespace ${namespace} in version ${version}; a cluster has one installation`,
    {
      hints: [
        `to change that one: heddle --heddle-namespace ${namespace} upgrade | kubectl apply -f -`,
        `to have one in namespace ${where.heddleNamespace} instead, first: heddle --heddle-namespace ${namespace} uninstall | kubectl delete -f -`,
        'or print it without looking at the cluster: heddle install --ignore-cluster',
      ],
    },
  )
}

/**
 * @param agent - as the cluster has it
 * @param installed - the installation that is meant
 * @throws {CliError} where the agent of nodes is another installation's, or would be of none although there is one
 */
export async function refuseAgentOfOther(
  where: Where,
  { agent, installed }: { readonly agent: InstalledAgent | undefined; readonly installed: Installed | undefined },
): Promise<void> {
  const owner = agent && (await findAgentOwner(where, agent))
  if (owner !== undefined) {
    throw new CliError(
      `the agent of nodes belongs to the installation in namespace ${owner.namespace}; a cluster has one agent`,
      {
        hints: [
          `to change it: heddle --heddle-namespace ${owner.namespace} install-node-agent | kubectl apply -f -`,
          `to give it to the one in namespace ${where.heddleNamespace}, first: heddle --heddle-namespace ${owner.namespace} install-node-agent | kubectl delete -f -`,
          WITHOUT_CLUSTER,
        ],
      },
    )
  }
  const other = installed === undefined ? await findOtherInstallation(where) : undefined
  if (other === undefined) return
  throw new CliError(`Heddle is not installed in namespace ${where.heddleNamespace}, but in ${other.namespace}`, {
    hints: [
      `to have its agent: heddle --heddle-namespace ${other.namespace} install-node-agent | kubectl apply -f -`,
      WITHOUT_CLUSTER,
    ],
  })
}

const WITHOUT_CLUSTER = 'or print it without looking at the cluster: heddle install-node-agent --ignore-cluster'

/** The installation that an agent belongs to, if it is another one and still there; otherwise whoever asks may have the agent. */
export async function findAgentOwner(
  { kube, heddleNamespace }: Where,
  { installation }: InstalledAgent,
): Promise<OtherInstallation | undefined> {
  if (installation === undefined || installation === heddleNamespace) return undefined
  return await findAt(kube, installation)
}

/**
 * The installation that what is the whole cluster's belongs to, if it is another one. Where only that is left of it, since its namespace was
 * deleted by hand, it is none.
 */
export async function findOtherInstallation({ kube, heddleNamespace }: Where): Promise<OtherInstallation | undefined> {
  const { listOtherInstallations } = await import('@heddle/kube/install/installed')
  for (const namespace of await listOtherInstallations(kube, heddleNamespace)) {
    const found = await findAt(kube, namespace)
    if (found !== undefined) return found
  }
  return undefined
}

async function findAt(kube: Cluster['kube'], namespace: string): Promise<OtherInstallation | undefined> {
  const { findInstalled } = await import('@heddle/kube/install/installed')
  const found = await findInstalled(kube, namespace)
  return found && { namespace, version: found.version }
}
