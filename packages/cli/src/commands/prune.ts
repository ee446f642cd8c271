import type { CliDeps, Command } from '../command.ts'
import { askCluster } from './install/cluster-error.ts'
import { keptValues, requireInstalled } from './install/installed-values.ts'
import { type ObjectFormat, objectFormatOption, printObjects } from './install/print-objects.ts'
import { toInstallValues } from './install/value-options.ts'

interface Options {
  readonly output: ObjectFormat
}

/** `heddle prune`: what earlier versions, or other values, left in the cluster, for `kubectl delete -f -`. */
export const prune: Command = {
  register(program, deps) {
    program
      .command('prune')
      .description(
        'Print what of Heddle is in the cluster and not part of this version with its values, for "kubectl delete -f -".',
      )
      .addOption(objectFormatOption())
      .action((options: Options) => runPrune(options, deps))
  },
}

async function runPrune({ output }: Options, deps: CliDeps): Promise<void> {
  const cluster = await deps.cluster()
  const { kube, heddleNamespace } = cluster
  const installed = await askCluster(cluster, () => requireInstalled(cluster))
  const values = await toInstallValues(await keptValues(installed, deps.terminal))
  const { renderInstall } = await import('@heddle/kube/install')
  const { renderCrds } = await import('@heddle/kube/install/crds')
  const { renderNodeAgent } = await import('@heddle/kube/install/node-agent')
  const { findExtraneous, listNodeAgent, listOwnedCrds, listOwnedObjects } = await import(
    '@heddle/kube/install/owned-objects'
  )
  const owned = await askCluster(cluster, async () => [
    ...(await listOwnedObjects(kube, heddleNamespace)),
    ...(await listNodeAgent(kube)),
    ...(await listOwnedCrds(kube)),
  ])
  const agent = renderNodeAgent({ namespace: heddleNamespace, values, installed: values })
  const rendered = [...renderInstall(values, heddleNamespace), ...agent, ...renderCrds()]
  const extraneous = findExtraneous(owned, rendered)
  if (extraneous.length === 0) deps.terminal.note('there is nothing to remove')
  await printObjects(extraneous, output, deps.terminal)
}
