import type { ValuesInput } from '@heddle/kube/install/read-values'
import type { CliDeps, Command } from '../command.ts'
import { askCluster } from './install/cluster-error.ts'
import { keptValues } from './install/installed-values.ts'
import { openCluster } from './install/open-cluster.ts'
import { type ObjectFormat, objectFormatOption, printObjects } from './install/print-objects.ts'
import { addValueOptions, readValueFlags, toInstallValues, type ValueFlags } from './install/value-options.ts'

interface Options extends ValueFlags {
  readonly ignoreCluster?: boolean
  readonly output: ObjectFormat
}

/** `heddle install-node-agent`: what redirects traffic in place of init containers with rights. */
export const installNodeAgent: Command = {
  register(program, deps) {
    const command = program
      .command('install-node-agent')
      .description(
        'Print the agent that redirects traffic on every node, for pods that may not do it themselves, with the values of the installation that the cluster has.',
      )
      .option('--ignore-cluster', 'do not look at what the cluster has already')
    addValueOptions(command)
      .addOption(objectFormatOption())
      .addHelpText('after', '\n  heddle install-node-agent | kubectl apply -f -')
      .action((options: Options) => run(options, deps))
  },
}

async function run(options: Options, deps: CliDeps): Promise<void> {
  const { ignoreCluster = false } = options
  const kept = ignoreCluster ? [] : await installedValues(deps)
  const values = await toInstallValues([...kept, ...(await readValueFlags(options, deps.cwd))])
  const { renderNodeAgent } = await import('@heddle/kube/install/node-agent')
  await printObjects(renderNodeAgent(values), options.output, deps.terminal)
}

/** The agent may be there first: it waits for pods. */
async function installedValues(deps: CliDeps): Promise<readonly ValuesInput[]> {
  const { findInstalled } = await import('@heddle/kube/install/installed')
  const cluster = await openCluster('install-node-agent', deps)
  const installed = await askCluster(cluster, () => findInstalled(cluster.kube, cluster.heddleNamespace))
  return installed === undefined ? [] : keptValues(installed, deps.terminal)
}
