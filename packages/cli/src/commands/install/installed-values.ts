import type { Installed } from '@heddle/kube/install/installed'
import type { ValuesInput } from '@heddle/kube/install/read-values'
import { CliError } from '../../cli-error.ts'
import type { Cluster } from '../../client/cluster.ts'
import type { Terminal } from '../../output/terminal.ts'

/** The installation of a cluster. @throws {CliError} when there is none */
export async function requireInstalled({ kube, heddleNamespace, contextName }: Cluster): Promise<Installed> {
  const { findInstalled } = await import('@heddle/kube/install/installed')
  const installed = await findInstalled(kube, heddleNamespace)
  if (installed !== undefined) return installed
  throw new CliError(`Heddle is not installed in namespace ${heddleNamespace} of ${contextName}`, {
    hints: ['it may be in another one: --heddle-namespace NAME', 'to install it: heddle install | kubectl apply -f -'],
  })
}

/** What the installation, or the agent of nodes, was told, as far as this version knows it; says what it does not know. */
export async function keptValues(
  { overrides, version }: Pick<Installed, 'overrides' | 'version'>,
  terminal: Terminal,
): Promise<readonly ValuesInput[]> {
  const { keepKnownValues } = await import('@heddle/kube/install/known-values')
  const { stringifyManifest } = await import('@heddle/api/manifest/stringify')
  const { values, unknown } = keepKnownValues(overrides)
  for (const name of unknown)
    terminal.note(terminal.noteStyle.yellow(`warning: ${name}, set in version ${version}, is not a value any more`))
  return [{ kind: 'file', path: 'values of the cluster', text: stringifyManifest(values) }]
}
