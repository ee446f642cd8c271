import type { KubeDraft } from '@heddle/kube/client'
import type { Installed } from '@heddle/kube/install/installed'
import type { ValuesInput } from '@heddle/kube/install/read-values'
import type { InstallValues } from '@heddle/kube/install/values'
import { CliError } from '../cli-error.ts'
import type { Cluster } from '../client/cluster.ts'
import type { CliDeps, Command } from '../command.ts'
import type { Terminal } from '../output/terminal.ts'
import { askCluster } from './install/cluster-error.ts'
import { keptValues, requireInstalled } from './install/installed-values.ts'
import { findAgentOwner } from './install/other-installation.ts'
import { type ObjectFormat, objectFormatOption, printObjects } from './install/print-objects.ts'
import { addValueOptions, readValueFlags, toInstallValues, type ValueFlags } from './install/value-options.ts'

interface Options extends ValueFlags {
  readonly crds?: boolean
  readonly output: ObjectFormat
}

/** `heddle upgrade`: this version with the values that the cluster has, for `kubectl apply -f -`. */
export const upgrade: Command = {
  register(program, deps) {
    const command = program
      .command('upgrade')
      .description('Print this version of Heddle with the values that the cluster has, for "kubectl apply -f -".')
      .option('--crds', "print the CustomResourceDefinitions of Heddle's kinds instead; they go first")
    addValueOptions(command)
      .addOption(objectFormatOption())
      .addHelpText('after', HELP)
      .action((options: Options) => runUpgrade(options, deps))
  },
}

const HELP = `
  heddle upgrade --crds | kubectl apply -f -
  heddle upgrade | kubectl apply -f -
  heddle prune | kubectl delete -f -`

async function runUpgrade(options: Options, deps: CliDeps): Promise<void> {
  const { terminal } = deps
  if (options.crds === true) {
    const { renderCrds } = await import('@heddle/kube/install/crds')
    return printObjects(renderCrds(), options.output, terminal)
  }
  const cluster = await deps.cluster()
  const installed = await askCluster(cluster, () => requireInstalled(cluster))
  if (installed.isHelms) {
    throw new CliError('Helm looks after this installation, and would undo what kubectl changes', {
      hints: ['upgrade it by "helm upgrade"'],
    })
  }
  const kept = await keptValues(installed, terminal)
  const said = await readValueFlags(options, deps.cwd)
  const values = await toInstallValues([...kept, ...said])
  refuseOtherTrustDomain(values, installed)
  const { renderInstall } = await import('@heddle/kube/install')
  const agent = await nodeAgent({ cluster, values, kept, said }, terminal)
  await printObjects([...renderInstall(values, cluster.heddleNamespace), ...agent], options.output, terminal)
  await noteNext(cluster, installed, deps)
}

interface Upgrading {
  readonly cluster: Cluster
  /** What the installation has from now on, and what that comes from. */
  readonly values: InstallValues
  readonly kept: readonly ValuesInput[]
  readonly said: readonly ValuesInput[]
}

/** Where it is there it goes along: it redirects for the proxies of this version, and its image is theirs unless it was told another. */
async function nodeAgent(
  { cluster, values, kept, said }: Upgrading,
  terminal: Terminal,
): Promise<readonly KubeDraft[]> {
  const { findNodeAgent } = await import('@heddle/kube/install/installed')
  const found = await askCluster(cluster, () => findNodeAgent(cluster.kube))
  if (found === undefined) return []
  const owner = await askCluster(cluster, () => findAgentOwner(cluster, found))
  if (owner !== undefined) {
    const whose = `it belongs to the installation in namespace ${owner.namespace}`
    terminal.note(terminal.noteStyle.yellow(`warning: the agent of nodes stays as it is: ${whose}`))
    return []
  }
  const own = await keptValues(found, terminal)
  const { renderNodeAgent } = await import('@heddle/kube/install/node-agent')
  return renderNodeAgent({
    namespace: cluster.heddleNamespace,
    values: await toInstallValues([...kept, ...own, ...said]),
    installed: values,
  })
}

/** Identities of both would not be accepted by each other. */
function refuseOtherTrustDomain({ trustDomain }: InstallValues, { values }: Installed): void {
  const present = values.trustDomain
  if (typeof present !== 'string' || present === trustDomain) return
  throw new CliError(`the trust domain is ${present} and cannot become ${trustDomain} by an upgrade`, {
    hints: ['every identity has it: uninstall, install anew, and restart what is meshed'],
  })
}

async function noteNext({ kube }: Cluster, { version }: Installed, { terminal }: CliDeps): Promise<void> {
  const { INSTALL_VERSION } = await import('@heddle/kube/install/version')
  const { findMissingCrds } = await import('@heddle/kube/install/installed')
  if ((await findMissingCrds(kube)).length > 0)
    terminal.note('the cluster lacks CRDs of this version; they go first: heddle upgrade --crds | kubectl apply -f -')
  if (version === INSTALL_VERSION) return
  terminal.note(`from version ${version} to ${INSTALL_VERSION}; proxies follow when their pods are replaced`)
  terminal.note('what this version no longer has: heddle prune | kubectl delete -f -')
}
