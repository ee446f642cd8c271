import type { KubeDraft } from '@heddle/kube/client'
import { CliError } from '../cli-error.ts'
import type { Cluster } from '../client/cluster.ts'
import type { CliDeps, Command } from '../command.ts'
import { askCluster } from './install/cluster-error.ts'
import { findAgentOwner, findOtherInstallation, type OtherInstallation } from './install/other-installation.ts'
import { type ObjectFormat, objectFormatOption, printObjects } from './install/print-objects.ts'

interface Options {
  readonly force?: boolean
  readonly output: ObjectFormat
}

/** `heddle uninstall`: everything of Heddle that is in the cluster, for `kubectl delete -f -`. */
export const uninstall: Command = {
  register(program, deps) {
    program
      .command('uninstall')
      .description('Print everything of Heddle that is in the cluster, for "kubectl delete -f -".')
      .option('-f, --force', 'also while pods have a proxy')
      .addOption(objectFormatOption())
      .action((options: Options) => runUninstall(options, deps))
  },
}

async function runUninstall({ force = false, output }: Options, deps: CliDeps): Promise<void> {
  const cluster = await deps.cluster()
  if (!force) await refuseWhileMeshed(cluster)
  const { objects, crds, other } = await askCluster(cluster, () => findOwn(cluster, deps))
  if (objects.length + crds.length === 0) {
    const where =
      other === undefined
        ? 'may be in another one: --heddle-namespace NAME'
        : `is in another one: --heddle-namespace ${other.namespace}`
    throw new CliError(`nothing of Heddle is in namespace ${cluster.heddleNamespace} of ${cluster.contextName}`, {
      hints: [`it ${where}`],
    })
  }
  if (other !== undefined)
    deps.terminal.note(`the CRDs stay: the installation in namespace ${other.namespace} needs them`)
  if (crds.length > 0) deps.terminal.note("with the CRDs go all objects of Heddle's kinds")
  // Namespaces last: what is in them has gone by then, and their end need not be waited for.
  const last = objects.filter(({ kind }) => kind === 'Namespace')
  await printObjects([...objects.filter((one) => !last.includes(one)), ...crds, ...last], output, deps.terminal)
}

interface Own {
  readonly objects: readonly KubeDraft[]
  readonly crds: readonly KubeDraft[]
  /** It keeps what a cluster has once. */
  readonly other: OtherInstallation | undefined
}

async function findOwn(cluster: Cluster, deps: CliDeps): Promise<Own> {
  const { kube, heddleNamespace } = cluster
  const { listOwnedCrds, listOwnedObjects } = await import('@heddle/kube/install/owned-objects')
  const other = await findOtherInstallation(cluster)
  const [own, agent, crds] = await Promise.all([
    listOwnedObjects(kube, heddleNamespace),
    listAgent(cluster, deps),
    other === undefined ? listOwnedCrds(kube) : [],
  ])
  // What is in the namespace of the agent goes with it.
  return { objects: [...own, ...agent.filter(({ metadata }) => metadata.namespace === undefined)], crds, other }
}

/** That of another installation stays. */
async function listAgent(cluster: Cluster, { terminal }: CliDeps): Promise<readonly KubeDraft[]> {
  const { findNodeAgent } = await import('@heddle/kube/install/installed')
  const { listNodeAgent } = await import('@heddle/kube/install/owned-objects')
  const agent = await findNodeAgent(cluster.kube)
  const owner = agent && (await findAgentOwner(cluster, agent))
  if (owner === undefined) return await listNodeAgent(cluster.kube)
  terminal.note(`the agent of nodes stays: it belongs to the installation in namespace ${owner.namespace}`)
  return []
}

const NAMED = 5

async function refuseWhileMeshed(cluster: Cluster): Promise<void> {
  const { countMeshedPods } = await import('@heddle/kube/install/owned-objects')
  const counts = await askCluster(cluster, () => countMeshedPods(cluster.kube, cluster.heddleNamespace))
  if (counts.size === 0) return
  const named = [...counts].slice(0, NAMED).map(([namespace, count]) => `${namespace} (${count})`)
  const rest = counts.size > NAMED ? ` and ${counts.size - NAMED} more` : ''
  throw new CliError(`pods have a proxy still, in ${named.join(', ')}${rest}`, {
    hints: [
      'remove the annotation heddle.dev/inject there and restart them: kubectl rollout restart deploy -n NAMESPACE',
      'or leave them as they are, with certificates that run out: --force',
    ],
  })
}
