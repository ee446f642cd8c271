import { delimiter } from 'node:path'
import { messageOf } from '@heddle/base/message-of'
import type { CliDeps } from '../command.ts'
import { COMMAND_FOLDER, findDemo } from '../process/repository.ts'
import { formatGolden, readGolden } from '../up/read-golden.ts'
import { type RunningMesh, type UpOptions, up } from '../up/up.ts'
import { type ExpectedWorkload, findObstacles } from './find-obstacles.ts'
import { observe } from './observe.ts'

export type DemoOptions = Omit<UpOptions, 'directory'>

const LOOK_AGAIN_MS = 500
const REDRAW_MS = 2_000
/** Off a terminal a table that long apart is enough to follow. */
const REPRINT_MS = 10_000

/**
 * The demo application in a mesh, watched until it is to end.
 *
 * @returns the exit status: 0 when the user ended it, or every workload was secured and answered; else 1
 */
export async function demo(options: DemoOptions, deps: CliDeps): Promise<number> {
  let status = options.forMs === undefined ? 0 : 1
  const stay = async (running: RunningMesh): Promise<void> => {
    const isHealthy = await watch(running, options, deps)
    status = isHealthy || (options.forMs === undefined && deps.interruption().signal.aborted) ? 0 : 1
  }
  await up({ ...options, directory: findDemo() }, deps, stay)
  return status
}

async function watch(running: RunningMesh, options: DemoOptions, deps: CliDeps): Promise<boolean> {
  const { progress } = running
  const expected = running.desired.map(toExpected)
  progress.line('waiting until every workload is certified, ready and answered')
  await untilHealthy(running, expected, deps)
  if (!running.signal.aborted) {
    progress.line('the mesh is healthy')
    for (const line of howToLookFurther(deps.env.PATH)) progress.line(line)
  }
  const lastTable = await showTables(running, options, deps)
  const obstacles = await look(running, expected)
  progress.result(lastTable)
  for (const obstacle of obstacles) progress.line(`not as it should be: ${obstacle}`)
  if (obstacles.length === 0) progress.line('every workload was secured and answered')
  return obstacles.length === 0
}

/** What is typed in a second terminal has to be found there: nothing installs `heddle`. */
function howToLookFurther(path = ''): readonly string[] {
  return [
    '',
    'In another terminal:',
    ...(path.split(delimiter).includes(COMMAND_FOLDER) ? [] : [`  export PATH="${COMMAND_FOLDER}:$PATH"`]),
    ...HOW_TO_LOOK_FURTHER,
  ]
}

const HOW_TO_LOOK_FURTHER = [
  '  heddle stat deploy -n emojivote           golden metrics; -w keeps watching',
  '  heddle edges -n emojivote                 who talks to whom, and whether it is secured',
  '  heddle why --last-failures -n emojivote   what became of the requests that failed',
  '  heddle endpoints -n emojivote             where the services are',
  '  heddle identity -n emojivote              certificates and their life',
  '  heddle check                              is everything well?',
  'A vote for one of the emojis always fails, so success stays below 100 %. Ctrl-C ends it.',
  '',
]

async function untilHealthy(
  { signal, mesh, progress }: RunningMesh,
  expected: readonly ExpectedWorkload[],
  { clock }: CliDeps,
): Promise<void> {
  let said = ''
  while (!signal.aborted) {
    const obstacles = await tryToObserve(mesh.control, expected)
    if (obstacles.length === 0) return progress.clear()
    const text = obstacles.join('\n')
    if (text !== said) progress.block(`${text}\n`)
    said = text
    await clock.sleep(LOOK_AGAIN_MS, signal)
  }
}

async function look({ mesh }: RunningMesh, expected: readonly ExpectedWorkload[]): Promise<readonly string[]> {
  return tryToObserve(mesh.control, expected)
}

/** The control plane may be on its way back. */
async function tryToObserve(
  control: RunningMesh['mesh']['control'],
  expected: readonly ExpectedWorkload[],
): Promise<readonly string[]> {
  try {
    return findObstacles(expected, await observe(control, expected))
  } catch (error) {
    return [messageOf(error)]
  }
}

/** Shows the table until the end. @returns the last one */
async function showTables(running: RunningMesh, { hasTable }: DemoOptions, deps: CliDeps): Promise<string> {
  const { signal, mesh, progress } = running
  const { isInteractive } = deps.terminal
  let last = ''
  for (;;) {
    const rows = await readGolden(mesh.control).catch(() => undefined)
    if (rows !== undefined) last = formatGolden(rows, deps.terminal.style)
    if (signal.aborted) return last
    if (hasTable && isInteractive) progress.block(last)
    if (hasTable && !isInteractive) progress.result(`${last}\n`)
    await deps.clock.sleep(isInteractive ? REDRAW_MS : REPRINT_MS, signal)
  }
}

function toExpected({ replicas, template }: RunningMesh['desired'][number]): ExpectedWorkload {
  const { metadata, spec } = template.workload
  return { namespace: metadata.namespace, name: metadata.name, replicas, isServer: spec.ports.length > 0 }
}
