import { join } from 'node:path'
import { chooseMode, thisHost, type WantedMode } from '../site/choose-mode.ts'
import { createExplicitSite } from '../site/explicit-site.ts'
import { lifeTie } from '../site/life-tie.ts'
import { prepareRuntimeFolder } from '../site/runtime-folder.ts'
import type { Runtime, Site } from '../site/site.ts'
import { createTransparentSite } from '../site/transparent-site.ts'
import { removeFolder } from '../state/clean-up.ts'
import type { RunRecord } from '../state/run-record.ts'
import type { MeshPaths } from '../state/state-directory.ts'

export interface OpenSiteOptions {
  readonly paths: MeshPaths
  readonly mode: WantedMode
  readonly env: Readonly<Record<string, string | undefined>>
  readonly record: RunRecord
  report(line: string): void
}

const PROXY_UID = 2102
/** Not /run, which often does not allow programs to be run from it. */
const SHARED_FOLDER = '/var/lib/heddle/run'

/**
 * Chooses the mode and makes the site for it.
 *
 * @throws {CliError} when the mode asked for is not possible here
 */
export async function openSite(options: OpenSiteOptions, stack: AsyncDisposableStack): Promise<Site> {
  const { paths, env, record, report } = options
  const { mode, reason } = await chooseMode(options.mode, thisHost())
  if (reason !== undefined) report(`explicit mode, since transparent is not possible: ${reason}`)
  const tie = lifeTie()
  if (mode === 'explicit') {
    const folder = join(paths.directory, 'run')
    return createExplicitSite({ tie, prepareRuntime: runtimeIn(folder, undefined, { record, stack }) })
  }
  const proxyUid = Number(env.HEDDLE_PROXY_UID || PROXY_UID)
  return createTransparentSite({
    mesh: paths.name,
    stateDirectory: paths.directory,
    proxyUid,
    record,
    tie,
    report,
    prepareRuntime: (pem, tag) => runtimeIn(join(SHARED_FOLDER, tag), proxyUid, { record, stack })(pem),
  })
}

interface Keeping {
  readonly record: RunRecord
  readonly stack: AsyncDisposableStack
}

function runtimeIn(folder: string, proxyUid: number | undefined, { record, stack }: Keeping) {
  return async (trustBundlePem: string): Promise<Runtime> => {
    await record.add('folders', folder)
    stack.defer(async () => {
      await removeFolder(folder)
      await record.remove('folders', folder)
    })
    return prepareRuntimeFolder({ folder, trustBundlePem, proxyUid })
  }
}
