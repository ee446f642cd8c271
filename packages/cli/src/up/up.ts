import { resolve } from 'node:path'
import { formatProblem, type Problem } from '@heddle/api/manifest/problem'
import { messageOf } from '@heddle/base/message-of'
import { CliError } from '../cli-error.ts'
import type { CliDeps } from '../command.ts'
import type { WantedMode } from '../site/choose-mode.ts'
import { meshPaths } from '../state/state-directory.ts'
import { type DesiredWorkload, desiredWorkloads } from './desired.ts'
import { type Mesh, startMesh } from './mesh.ts'
import { Progress } from './progress.ts'
import { readDirectory } from './read-directory.ts'
import { formatGolden, readGolden } from './read-golden.ts'
import { stampDirectory, watchDirectory } from './watch-directory.ts'

export interface UpOptions {
  readonly directory: string
  readonly name: string
  readonly mode: WantedMode
  readonly trustDomain: string
  /** Life of the certificates of workloads; `undefined`: as the control plane has it. */
  readonly leafLifeMs: number | undefined
  /** Further `HOST:PORT` for the control plane. */
  readonly listen: readonly string[]
  /** `undefined`: until a signal comes. */
  readonly forMs: number | undefined
  readonly hasTable: boolean
  /** See MeshOptions. */
  readonly forgetsMeasurements: boolean
}

/** What happens while a mesh is up; resolves when it is to end. */
export type Stay = (up: RunningMesh) => Promise<void>

export interface RunningMesh {
  readonly mesh: Mesh
  readonly desired: readonly DesiredWorkload[]
  readonly progress: Progress
  /** Aborted at Ctrl-C or when the time is over. */
  readonly signal: AbortSignal
}

/**
 * Brings a mesh up from a directory of YAML, stays until it is to end, and takes everything back.
 *
 * @throws {CliError} when it could not be brought up; nothing is left then
 */
export async function up(options: UpOptions, deps: CliDeps, stay: Stay): Promise<void> {
  // A wrong name is told before all that is wrong with the files.
  meshPaths(deps.stateDirectory, options.name)
  const directory = resolve(deps.cwd, options.directory)
  const progress = new Progress(deps.terminal)
  const since = await stampDirectory(directory)
  const desired = await readDesired(directory, deps, progress)
  const interruption = deps.interruption()
  const end = new AbortController()
  const signal = AbortSignal.any([interruption.signal, end.signal])
  const shared = {
    ...options,
    directory,
    signal,
    hurry: interruption.hurry,
    report: (line: string) => progress.line(line),
  }
  const { env, clock, stateDirectory } = deps
  const stack = new AsyncDisposableStack()
  let isUp = false
  try {
    const mesh = await startMesh({ ...shared, env, clock, stateDirectory }, stack)
    isUp = true
    progress.line(`the control plane runs (${mesh.mode} mode), logs are in ${mesh.logDirectory}`)
    mesh.fleet.apply(desired)
    await settle(mesh, options, deps)
    await staying({ mesh, desired, progress, signal }, { options, directory, since, deps, end, stay })
  } catch (error) {
    if (!signal.aborted) throw error
    if (!isUp) deps.setExitStatus(INTERRUPTED)
  } finally {
    end.abort()
    progress.clear()
    if (isUp) progress.line(interruption.signal.aborted ? 'stopping; once more Ctrl-C to hurry' : 'stopping')
    await stack.disposeAsync()
    if (isUp) progress.line('everything is stopped')
  }
}

/** As shells say it of a program that SIGINT ended. */
const INTERRUPTED = 130
const SETTLE_LIMIT_MS = 90_000

/** With a time that it is to end after, it must not wait for ever for something that never becomes ready. */
async function settle(mesh: Mesh, { forMs }: UpOptions, { clock }: CliDeps): Promise<void> {
  const settled = mesh.fleet.settled()
  if (forMs === undefined) return settled
  const done = new AbortController()
  try {
    await Promise.race([settled, clock.sleep(SETTLE_LIMIT_MS, done.signal)])
  } finally {
    done.abort()
  }
}

interface Staying {
  readonly options: UpOptions
  readonly directory: string
  /** As the directory was before it was read. */
  readonly since: string
  readonly deps: CliDeps
  readonly end: AbortController
  readonly stay: Stay
}

async function staying(running: RunningMesh, { options, directory, since, deps, end, stay }: Staying): Promise<void> {
  const { clock } = deps
  const { signal, mesh, progress } = running
  if (signal.aborted) return
  const timer = options.forMs === undefined ? undefined : clock.after(options.forMs, () => end.abort())
  const change = () => applyChange(directory, { deps, mesh, progress })
  const watching = watchDirectory(directory, change, { clock, signal, since })
  try {
    await stay(running)
  } finally {
    timer?.cancel()
    end.abort()
    await watching
  }
}

async function readDesired(directory: string, deps: CliDeps, progress: Progress): Promise<readonly DesiredWorkload[]> {
  const content = await readDirectory(directory)
  const errors = content.problems.filter((problem) => problem.severity === 'error')
  sayAll(content.problems, progress)
  if (errors.length > 0) {
    throw new CliError(
      `${directory}: ${errors.length === 1 ? 'one error' : `${errors.length} errors`}; nothing was started`,
    )
  }
  const desired = desiredWorkloads(content, deps.env.PATH ?? '')
  if (content.objects.length === 0) progress.line(`${directory} has no objects yet; waiting for some`)
  return desired
}

async function applyChange(
  directory: string,
  { deps, mesh, progress }: { deps: CliDeps; mesh: Mesh; progress: Progress },
): Promise<void> {
  try {
    const content = await readDirectory(directory)
    sayAll(content.problems, progress)
    if (content.problems.some((problem) => problem.severity === 'error')) {
      return progress.line('the change has errors: the last good configuration stays in force')
    }
    progress.line('the directory has changed')
    mesh.fleet.apply(desiredWorkloads(content, deps.env.PATH ?? ''))
  } catch (error) {
    progress.line(`${messageOf(error)}\nthe last good configuration stays in force`)
  }
}

function sayAll(problems: readonly Problem[], progress: Progress): void {
  for (const problem of problems) progress.line(formatProblem(problem))
}

const REDRAW_MS = 2_000

/** Stays until the end and shows golden metrics in place, on a terminal. */
export function stayWithTable(deps: CliDeps, hasTable: boolean): Stay {
  return async ({ mesh, progress, signal }) => {
    progress.line('up; Ctrl-C ends it. To look further: heddle stat deploy -A, heddle edges -A, heddle check')
    while (!signal.aborted) {
      if (hasTable && deps.terminal.isInteractive) {
        const rows = await readGolden(mesh.control).catch(() => undefined)
        if (rows !== undefined && !signal.aborted) progress.block(formatGolden(rows, deps.terminal.style))
      }
      await deps.clock.sleep(REDRAW_MS, signal)
    }
  }
}
