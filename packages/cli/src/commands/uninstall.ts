import { CliError } from '../cli-error.ts'
import type { Cluster } from '../client/cluster.ts'
import type { CliDeps, Command } from '../command.ts'
import { askCluster } from './install/cluster-error.ts'
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
  const { kube, heddleNamespace } = cluster
  const { listNodeAgent, listOwnedCrds, listOwnedObjects } = await import('@heddle/kube/install/owned-objects')
  if (!force) await refuseWhileMeshed(cluster)
  const [own, agent, crds] = await askCluster(cluster, () =>
    Promise.all([listOwnedObjects(kube, heddleNamespace), listNodeAgent(kube), listOwnedCrds(kube)]),
  )
  // What is in the namespace of the agent goes with it.
  const objects = [...own, ...agent.filter(({ metadata }) => metadata.namespace === undefined)]
  if (objects.length + crds.length === 0) {
    throw new CliError(`nothing of Heddle is in namespace ${heddleNamespace} of ${cluster.contextName}`, {
      hints: ['it may be in another one: --heddle-namespace NAME'],
    })
  }
  if (crds.length > 0) deps.terminal.note("with the CRDs go all objects of Heddle's kinds")
  // Namespaces last: what is in them has gone by then, and their end need not be waited for.
  const last = objects.filter(({ kind }) => kind === 'Namespace')
  await printObjects([...objects.filter((one) => !last.includes(one)), ...crds, ...last], output, deps.terminal)
}

const NAMED = 5

async function refuseWhileMeshed(cluster: Cluster): Promise<void> {
  const { countMeshedPods } = await import('@heddle/kube/install/owned-objects')
  const counts = await askCluster(cluster, () => countMeshedPods(cluster.kube))
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
