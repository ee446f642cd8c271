import { messageOf } from '@heddle/base/message-of'
import { CliError } from '../../cli-error.ts'
import type { Cluster } from '../../client/cluster.ts'
import { explainKube } from '../../client/explain-kube.ts'

/** Asks the cluster something. @throws {CliError} where it refuses, or does not answer */
export async function askCluster<T>(
  cluster: Pick<Cluster, 'contextName' | 'server'>,
  question: () => Promise<T>,
): Promise<T> {
  try {
    return await question()
  } catch (error) {
    if (error instanceof CliError) throw error
    const { KubeError } = await import('@heddle/kube/client')
    if (!(error instanceof KubeError) || error.status === 401) throw explainKube(error, 'look at the cluster', cluster)
    throw new CliError(
      `the cluster of context "${cluster.contextName}" at ${cluster.server} refused: ${messageOf(error)}`,
      { hints: ['an installation is made by somebody who may do everything in the cluster'], cause: error },
    )
  }
}
