import type { InstallValues } from '@heddle/kube/install/values'
import { CliError } from '../cli-error.ts'
import type { Cluster } from '../client/cluster.ts'
import type { WorldFlags } from '../client/world-flags.ts'
import type { CliDeps, Command } from '../command.ts'
import { askCluster } from './install/cluster-error.ts'
import { openCluster } from './install/open-cluster.ts'
import { refuseOtherInstallation } from './install/other-installation.ts'
import { type ObjectFormat, objectFormatOption, printObjects } from './install/print-objects.ts'
import { addValueOptions, readValueFlags, toInstallValues, type ValueFlags } from './install/value-options.ts'

interface Options extends ValueFlags {
  readonly crds?: boolean
  readonly ignoreCluster?: boolean
  readonly output: ObjectFormat
}

/** `heddle install`: everything that makes up Heddle on a cluster, for `kubectl apply -f -`. */
export const install: Command = {
  register(program, deps) {
    const command = program
      .command('install')
      .description('Print what makes up Heddle on a cluster, for "kubectl apply -f -".')
      .option('--crds', "print the CustomResourceDefinitions of Heddle's kinds instead; they go first")
      .option('--ignore-cluster', 'do not look at what the cluster has already')
    addValueOptions(command)
      .addOption(objectFormatOption())
      .addHelpText('after', HELP)
      .action((options: Options) => runInstall(options, program.opts<WorldFlags>().heddleNamespace, deps))
  },
}

const HELP = `
  heddle install --crds | kubectl apply -f -
  heddle install | kubectl apply -f -
  heddle check`

async function runInstall(options: Options, namespace: string, deps: CliDeps): Promise<void> {
  const { crds = false, ignoreCluster = false, output } = options
  if (crds) {
    refuseValues(options)
    const { renderCrds } = await import('@heddle/kube/install/crds')
    return printObjects(renderCrds(), output, deps.terminal)
  }
  const values = await toInstallValues(await readValueFlags(options, deps.cwd))
  if (!ignoreCluster) await checkCluster(values, await openCluster('install', deps), deps)
  const { renderInstall } = await import('@heddle/kube/install')
  await printObjects(renderInstall(values, namespace), output, deps.terminal)
}

function refuseValues({ ha = false, values = [], set = [] }: ValueFlags): void {
  if (ha || values.length > 0 || set.length > 0) throw new CliError('values say nothing about CRDs: leave them out')
}

/** What would go wrong is said before anything is applied. */
async function checkCluster(values: InstallValues, cluster: Cluster, deps: CliDeps): Promise<void> {
  const { findInstalled, findMissingCrds, findMissingGatewayCrds } = await import('@heddle/kube/install/installed')
  const { kube, heddleNamespace } = cluster
  const [installed, missing, missingGateway] = await askCluster(cluster, () =>
    Promise.all([findInstalled(kube, heddleNamespace), findMissingCrds(kube), findMissingGatewayCrds(kube)]),
  )
  if (missing.length > 0) {
    throw new CliError(`the cluster lacks CRDs of Heddle: ${missing.join(', ')}`, {
      hints: ['put them there first: heddle install --crds | kubectl apply -f -'],
    })
  }
  if (installed === undefined) await askCluster(cluster, () => refuseOtherInstallation(cluster))
  if (installed !== undefined)
    await refuseOther({
      values,
      installed: installed.overrides,
      version: installed.version,
      namespace: heddleNamespace,
    })
  if (missingGateway.length > 0) {
    deps.terminal.note(
      deps.terminal.noteStyle.yellow(
        `warning: the cluster lacks CRDs of the Gateway API (${missingGateway.join(', ')}): there can be no such routes until they are there; the control plane takes them up then`,
      ),
    )
  }
}

interface Present {
  readonly values: InstallValues
  /** What the cluster's installation was told. */
  readonly installed: object
  readonly version: string
  readonly namespace: string
}

/** To print again what is there already does no harm; to change it is the business of `upgrade`. */
async function refuseOther({ values, installed, version, namespace }: Present): Promise<void> {
  const { isDeepStrictEqual } = await import('node:util')
  const { overridesOf } = await import('@heddle/kube/install/override')
  const { INSTALL_VERSION } = await import('@heddle/kube/install/version')
  if (version === INSTALL_VERSION && isDeepStrictEqual(overridesOf(values), installed)) return
  const what = version === INSTALL_VERSION ? 'with other values' : `in version ${version}`
  throw new CliError(`Heddle is installed already, in namespace ${namespace}, ${what}`, {
    hints: [
      'to change it: heddle upgrade --set NAME=VALUE | kubectl apply -f -',
      'or print it without looking at the cluster: heddle install --ignore-cluster',
    ],
  })
}
