import { messageOf } from '@heddle/base/message-of'
import { CliError } from '../../cli-error.ts'
import type { Cluster } from '../../client/cluster.ts'

/** Asks the cluster something. @throws {CliError} where it refuses, or does not answer */
export async function askCluster<T>(
  { contextName, server }: Pick<Cluster, 'contextName' | 'server'>,
  question: () => Promise<T>,
): Promise<T> {
  try {
    return await question()
  } catch (error) {
    if (error instanceof CliError) throw error
    const { KubeError } = await import('@heddle/kube/client')
    const isRefused = error instanceof KubeError
    const what = isRefused ? 'refused' : 'did not answer'
    throw new CliError(`the cluster of ${contextName} (${server}) ${what}: ${messageOf(error)}`, {
      hints: isRefused ? ['an installation is made by somebody who may do everything in the cluster'] : [],
      cause: error,
    })
  }
}
