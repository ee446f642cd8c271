import { randomBytes } from 'node:crypto'
import { basename } from 'node:path'
import { CliError } from '../cli-error.ts'
import type { CliDeps } from '../command.ts'
import { drainTimes } from '../instance/drain-times.ts'
import { proxyOverrides, type SidecarPort } from '../instance/proxy-environment.ts'
import type { ListeningEvent } from '../instance/proxy-event.ts'
import { Sidecar } from '../instance/sidecar.ts'
import { searchProgram } from '../process/find-executable.ts'
import type { Mode } from '../site/site.ts'
import { type ControlFlags, findControl } from './control-target.ts'
import { type Foreground, startForeground } from './foreground.ts'
import { openResidence, type Residence, type ResidenceInput } from './residence.ts'
import { parseNameFlag, type RunUpstream, reachNote } from './run-flags.ts'

/** What `heddle run` was asked for. */
export interface RunOptions extends ControlFlags {
  readonly name?: string
  readonly label: readonly (readonly [string, string])[]
  readonly port: readonly SidecarPort[]
  readonly upstream: readonly RunUpstream[]
  readonly mode: Mode
}

/**
 * Runs a command with a sidecar that shares its life.
 *
 * @returns the exit status of the command, 128 and the number of the signal when one ended it
 * @throws {CliError} when it could not be started
 */
export async function run(command: readonly string[], options: RunOptions, deps: CliDeps): Promise<number> {
  const name = options.name ?? nameOf(command)
  checkCommand(command, deps)
  const { signal, hurry } = deps.interruption()
  await using stack = new AsyncDisposableStack()
  const control = await findControl(options, deps)
  stack.defer(() => control.close())
  const instance = `${name}-${randomBytes(3).toString('hex')}`
  const residence = await openResidence({ instance, options, deps, control }, stack)
  const sidecar = createSidecar({ name, instance, options, deps, control, residence })
  stack.defer(() => sidecar.stop(hurry))
  const started = await sidecar.start(signal)
  await started.ready
  const { namespace, serviceAccount } = options
  deps.terminal.note(`heddle: ${instance} joined the mesh (namespace ${namespace}, service account ${serviceAccount})`)
  const note = reachNote(options)
  if (note !== undefined) deps.terminal.note(`heddle: ${note}`)
  const application = {
    command: residence.place.applicationCommand(command),
    env: applicationEnvironment(options, started.listening, deps),
    cwd: deps.cwd,
  }
  return await attend(() => startForeground(application), { sidecar, deps })
}

interface Attending {
  readonly sidecar: Sidecar
  readonly deps: CliDeps
}

/** Every signal that a person or a supervisor sends to a program. */
const PASSED_ON: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2']
const ENDING: readonly string[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']
/** The terminal gives these to the whole process group, so the application has them already. */
const FROM_TERMINAL: readonly string[] = ['SIGINT', 'SIGQUIT']

/**
 * Starts the application, waits for its end and passes signals on, from before it can say a word. One that asks it to end
 * first takes it out of the mesh: the proxy tells the control plane and goes on serving for a moment, then the application
 * hears of it.
 */
async function attend(start: () => Promise<Foreground>, { sidecar, deps }: Attending): Promise<number> {
  const { hurry } = deps.interruption()
  let draining: Promise<void> | undefined
  const pass = (name: NodeJS.Signals): void => {
    void application.then((running) => running.signal(name)).catch(() => {})
  }
  const receive = (name: NodeJS.Signals): void => {
    const isDelivered = process.stdin.isTTY && FROM_TERMINAL.includes(name)
    const isFirst = ENDING.includes(name) && draining === undefined
    if (isFirst) draining = sidecar.stop(hurry)
    if (isDelivered) return
    if (isFirst) void deps.clock.sleep(drainTimes(deps.env).delayMs, hurry).then(() => pass(name))
    else pass(name)
  }
  for (const name of PASSED_ON) process.on(name, receive)
  const application = start()
  try {
    return await (await application).exited
  } finally {
    for (const name of PASSED_ON) process.off(name, receive)
    await draining
  }
}

interface SidecarInput extends ResidenceInput {
  readonly options: RunOptions
  readonly name: string
  readonly residence: Residence
}

function createSidecar({ name, instance, options, deps, control, residence }: SidecarInput): Sidecar {
  const { trustDomain, identity, mintToken } = control
  const { mode, place, runtime, output, record } = residence
  return new Sidecar({
    mode,
    identity: { ...identityOf(options, name), instance },
    control: { trustDomain, address: place.controlAddress, ...(identity === undefined ? {} : { identity }) },
    ports: options.port.map((port) => portIn(residence, port)),
    upstreams: options.upstream.map(({ key }) => ({ key })),
    advertised: place.advertised,
    overrides: proxyOverrides(deps.env),
    place,
    runtime,
    mintToken,
    output,
    record,
    clock: deps.clock,
    report: (line) => deps.terminal.note(`heddle: ${line}`),
  })
}

/** In a namespace the application listens where it was meant to be reached. */
function portIn({ mode, listenHost }: Residence, port: SidecarPort): SidecarPort {
  if (mode === 'transparent') return { name: port.name, port: port.port }
  return { listen: `${listenHost}:0`, ...port }
}

function identityOf({ namespace, serviceAccount, label }: RunOptions, workload: string) {
  return {
    namespace,
    workload,
    serviceAccount,
    labels: label.length === 0 ? { app: workload } : Object.fromEntries(label),
  }
}

function applicationEnvironment(
  { upstream: upstreams, mode }: RunOptions,
  listening: ListeningEvent,
  deps: CliDeps,
): Readonly<Record<string, string>> {
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(deps.env)) {
    if (value !== undefined && name !== 'HEDDLE_JOIN_TOKEN') env[name] = value
  }
  for (const { key, variable } of upstreams) {
    if (mode === 'transparent') {
      env[variable] = key.slice('name:'.length)
      continue
    }
    const found = listening.outbound.find((one) => one.key === key)
    if (found === undefined) throw new CliError(`the proxy does not listen for ${key}`)
    env[variable] = found.address
  }
  return env
}

function nameOf(command: readonly string[]): string {
  const name = basename(command[0] ?? '')
    .toLowerCase()
    .replace(/\.[a-z]+$/, '')
  try {
    return parseNameFlag(name)
  } catch {
    throw new CliError(`"${name}" is no name for a workload`, { hints: ['give it one with --name NAME'] })
  }
}

/** As shells do: status 127 for what is not there, 126 for what cannot be run. */
function checkCommand([program = '']: readonly string[], deps: CliDeps): void {
  const search = searchProgram(program, deps.env.PATH ?? '', deps.cwd)
  switch (search.kind) {
    case 'found':
      return
    case 'not executable':
      throw new CliError(`cannot start ${program}: ${search.file} may not be executed`, { exitStatus: 126 })
    case 'not found':
      throw new CliError(`cannot start ${program}: not found`, { exitStatus: 127 })
  }
}
