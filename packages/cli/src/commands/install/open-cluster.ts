import { CliError } from '../../cli-error.ts'
import type { Cluster } from '../../client/cluster.ts'
import type { CliDeps } from '../../command.ts'

/** The cluster that `command`, which could do without one by `--ignore-cluster`, is to look at. @throws {CliError} that says so */
export async function openCluster(command: string, deps: CliDeps): Promise<Cluster> {
  try {
    return await deps.cluster()
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    const hints = [...error.hints, `or print it without looking at a cluster: heddle ${command} --ignore-cluster`]
    throw new CliError(error.message, { hints, cause: error })
  }
}
