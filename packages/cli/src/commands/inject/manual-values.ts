import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { messageOf } from '@heddle/base/message-of'
import type { InjectValues } from '@heddle/kube/inject/values'
import { CliError } from '../../cli-error.ts'
import type { CliDeps } from '../../command.ts'
import { askCluster } from '../install/cluster-error.ts'
import { keptValues, requireInstalled } from '../install/installed-values.ts'
import { readValueFlags, toInstallValues, type ValueFlags } from '../install/value-options.ts'

/** Flags that say what `--manual` needs of the installed mesh. */
export interface ManualFlags extends ValueFlags {
  readonly trustBundle?: string
}

/** The values of the installed mesh: of the cluster, or of flags alone where a trust bundle is given. @throws {CliError} */
export async function manualValues(flags: ManualFlags, namespace: string, deps: CliDeps): Promise<InjectValues> {
  const { toInjectValues } = await import('@heddle/kube/inject/values')
  const own = await readValueFlags(flags, deps.cwd)
  if (flags.trustBundle !== undefined) {
    const trustBundlePem = await readBundle(flags.trustBundle, deps.cwd)
    return toInjectValues(await toInstallValues(own), { namespace, trustBundlePem })
  }
  const { readTrustBundle } = await import('../../client/cluster-control.ts')
  const cluster = await deps.cluster()
  try {
    const installed = await askCluster(cluster, () => requireInstalled(cluster))
    const trustBundlePem = await readTrustBundle(cluster)
    const values = await toInstallValues([...(await keptValues(installed, deps.terminal)), ...own])
    return toInjectValues(values, { namespace: cluster.heddleNamespace, trustBundlePem })
  } finally {
    cluster.access.close()
  }
}

async function readBundle(name: string, cwd: string): Promise<string> {
  try {
    return await readFile(resolve(cwd, name), 'utf8')
  } catch (error) {
    throw new CliError(`cannot read the trust bundle in ${name}: ${messageOf(error)}`)
  }
}
