import type { ValuesInput } from '@heddle/kube/install/read-values'
import type { WorldFlags } from '../client/world-flags.ts'
import type { CliDeps, Command } from '../command.ts'
import { askCluster } from './install/cluster-error.ts'
import { keptValues } from './install/installed-values.ts'
import { openCluster } from './install/open-cluster.ts'
import { refuseAgentOfOther } from './install/other-installation.ts'
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
        'Print the agent that redirects traffic on every node, for pods that may not do it themselves, with the values of the installation that the cluster has, and those that it was told before.',
      )
      .option('--ignore-cluster', 'do not look at what the cluster has already')
    addValueOptions(command)
      .addOption(objectFormatOption())
      .addHelpText('after', '\n  heddle install-node-agent | kubectl apply -f -')
      .action((options: Options) => run(options, program.opts<WorldFlags>().heddleNamespace, deps))
  },
}

async function run(options: Options, namespace: string, deps: CliDeps): Promise<void> {
  const { ignoreCluster = false, output } = options
  const { installed, own } = ignoreCluster ? NOTHING_KEPT : await readKept(deps)
  const said = await readValueFlags(options, deps.cwd)
  const { renderNodeAgent } = await import('@heddle/kube/install/node-agent')
  const objects = renderNodeAgent({
    namespace,
    values: await toInstallValues([...installed, ...own, ...said]),
    installed: await toInstallValues(installed),
  })
  await printObjects(objects, output, deps.terminal)
}

/** What the cluster keeps: of the installation, and of an agent that is there. */
interface Kept {
  readonly installed: readonly ValuesInput[]
  readonly own: readonly ValuesInput[]
}

const NOTHING_KEPT: Kept = { installed: [], own: [] }

/** The agent may be there first: it waits for pods. */
async function readKept(deps: CliDeps): Promise<Kept> {
  const { findInstalled, findNodeAgent } = await import('@heddle/kube/install/installed')
  const cluster = await openCluster('install-node-agent', deps)
  const { kube, heddleNamespace } = cluster
  const [installed, agent] = await askCluster(cluster, () =>
    Promise.all([findInstalled(kube, heddleNamespace), findNodeAgent(kube)]),
  )
  await askCluster(cluster, () => refuseAgentOfOther(cluster, { agent, installed }))
  return {
    installed: installed === undefined ? [] : await keptValues(installed, deps.terminal),
    own: agent === undefined ? [] : await keptValues(agent, deps.terminal),
  }
}
