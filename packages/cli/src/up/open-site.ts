import { readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '@heddle/base/clock'
import { isRunning, startTimeOf } from '@heddle/base/process-start'
import { chooseMode, thisHost, type WantedMode } from '../site/choose-mode.ts'
import { createExplicitSite } from '../site/explicit-site.ts'
import { lifeTie } from '../site/life-tie.ts'
import { prepareRuntimeFolder, SHARED_FOLDER } from '../site/runtime-folder.ts'
import type { Runtime, Site } from '../site/site.ts'
import { createTransparentSite, siteTag } from '../site/transparent-site.ts'
import { cleanUp, removeFolder, removeIfEmpty } from '../state/clean-up.ts'
import type { RunRecord } from '../state/run-record.ts'
import { readRunState } from '../state/run-state.ts'
import type { MeshPaths } from '../state/state-directory.ts'

export interface OpenSiteOptions {
  readonly paths: MeshPaths
  readonly mode: WantedMode
  readonly env: Readonly<Record<string, string | undefined>>
  readonly record: RunRecord
  readonly clock: Clock
  report(line: string): void
}

const PROXY_UID = 2102
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
  const site = { mesh: paths.name, stateDirectory: paths.directory }
  const { tag } = siteTag(site)
  await sweep(tag, options)
  stack.defer(() => removeIfEmpty(SHARED_FOLDER, dirname(SHARED_FOLDER)))
  record.mirrorTo(join(SHARED_FOLDER, `${tag}.json`))
  const prepareRuntime = runtimeIn(join(SHARED_FOLDER, tag), proxyUid, { record, stack })
  return createTransparentSite({ ...site, proxyUid, record, tie, report, prepareRuntime })
}

/**
 * Cleans up after meshes of this host whose `heddle up` was killed and whose state directory is gone as well, so that no
 * later run of theirs will.
 */
async function sweep(own: string, { clock, report }: OpenSiteOptions): Promise<void> {
  const names = await readdir(SHARED_FOLDER).catch(() => [])
  for (const name of names) {
    const file = join(SHARED_FOLDER, name)
    if (isHalfWritten(name)) await rm(file, { force: true })
    if (!name.endsWith('.json') || name === `${own}.json`) continue
    const state = await readRunState(file).catch(() => undefined)
    if (state?.owner === undefined || isRunning(state.owner)) continue
    const problems = await cleanUp(state, clock)
    for (const problem of problems) report(`left by another mesh and not removed: ${problem}`)
    if (problems.length === 0) await rm(file, { force: true })
  }
}

/** What replaceFile leaves when it is killed in the middle; its name has the process id of the writer. */
function isHalfWritten(name: string): boolean {
  const writer = /\.json\.(\d+)\.tmp$/.exec(name)?.[1]
  return writer !== undefined && startTimeOf(Number(writer)) === undefined
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
