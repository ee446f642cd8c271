import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { CliError, messageOf } from '../cli-error.ts'
import type { CliDeps } from '../command.ts'
import { proxyOverrides, type SidecarPort } from '../instance/proxy-environment.ts'
import type { ListeningEvent } from '../instance/proxy-event.ts'
import { Sidecar } from '../instance/sidecar.ts'
import { findExecutable } from '../process/find-executable.ts'
import { LogFile } from '../process/log-file.ts'
import { loopbackPlace } from '../site/explicit-site.ts'
import { lifeTie } from '../site/life-tie.ts'
import { prepareRuntimeFolder } from '../site/runtime-folder.ts'
import { type ControlFlags, type ControlTarget, findControl } from './control-target.ts'
import { type Foreground, startForeground } from './foreground.ts'
import { parseNameFlag, type RunUpstream } from './run-flags.ts'
import { makeRunFolder } from './run-folder.ts'

/** What `heddle run` was asked for. */
export interface RunOptions extends ControlFlags {
  readonly name?: string
  readonly label: readonly (readonly [string, string])[]
  readonly port: readonly SidecarPort[]
  readonly upstream: readonly RunUpstream[]
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
  const sidecar = await createSidecar({ name, options, deps, control }, stack)
  stack.defer(() => sidecar.stop(hurry))
  const started = await sidecar.start(signal)
  await started.ready
  const application = await startForeground({
    command: [...lifeTie(), ...command],
    env: applicationEnvironment(options.upstream, started.listening, deps),
    cwd: deps.cwd,
  })
  return await attend(application, { sidecar, deps })
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
 * Waits for the end of the application and passes signals on. One that asks it to end first takes it out of the mesh: the
 * proxy tells the control plane and goes on serving for a moment, then the application hears of it.
 */
async function attend(application: Foreground, { sidecar, deps }: Attending): Promise<number> {
  const { hurry } = deps.interruption()
  let draining: Promise<void> | undefined
  const receive = (name: NodeJS.Signals): void => {
    const isDelivered = process.stdin.isTTY && FROM_TERMINAL.includes(name)
    const isFirst = ENDING.includes(name) && draining === undefined
    if (isFirst) draining = sidecar.stop(hurry)
    if (isDelivered) return
    if (isFirst) void deps.clock.sleep(drainDelayMs(deps), hurry).then(() => application.signal(name))
    else application.signal(name)
  }
  for (const name of PASSED_ON) process.on(name, receive)
  try {
    return await application.exited
  } finally {
    for (const name of PASSED_ON) process.off(name, receive)
    await draining
  }
}

function drainDelayMs(deps: CliDeps): number {
  return Number(deps.env.HEDDLE_DRAIN_DELAY_MS || 1_000)
}

interface SidecarInput {
  readonly name: string
  readonly options: RunOptions
  readonly deps: CliDeps
  readonly control: ControlTarget
}

async function createSidecar(input: SidecarInput, stack: AsyncDisposableStack): Promise<Sidecar> {
  const { name, options, deps, control } = input
  const instance = `${name}-${randomBytes(3).toString('hex')}`
  const folder = await makeRunFolder(deps.stateDirectory, instance).catch((error: unknown) => {
    throw new CliError(`cannot write to ${deps.stateDirectory}: ${messageOf(error)}`)
  })
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const output = new LogFile(join(folder, 'proxy.log'))
  stack.defer(() => output.close())
  const { trustBundlePem, trustDomain, identity, address, mintToken } = control
  const runtime = await prepareRuntimeFolder({ folder: join(folder, 'proxy'), trustBundlePem, proxyUid: undefined })
  return new Sidecar({
    mode: 'explicit',
    identity: { ...identityOf(options, name), instance },
    control: { trustDomain, address, ...(identity === undefined ? {} : { identity }) },
    ports: options.port.map((port) => ({ listen: `${control.hostAddress ?? '127.0.0.1'}:0`, ...port })),
    upstreams: options.upstream.map(({ key }) => ({ key })),
    advertised: [],
    overrides: proxyOverrides(deps.env),
    place: loopbackPlace(address, []),
    runtime,
    mintToken,
    output,
    record: { addProcess: () => Promise.resolve(), removeProcess: () => Promise.resolve() },
    clock: deps.clock,
    report: (line) => deps.terminal.note(`heddle: ${line}`),
  })
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
  upstreams: readonly RunUpstream[],
  listening: ListeningEvent,
  deps: CliDeps,
): Readonly<Record<string, string>> {
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(deps.env)) {
    if (value !== undefined && name !== 'HEDDLE_JOIN_TOKEN') env[name] = value
  }
  for (const { key, variable } of upstreams) {
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

function checkCommand([program = '']: readonly string[], deps: CliDeps): void {
  if (findExecutable(program, deps.env.PATH ?? '', deps.cwd) !== undefined) return
  throw new CliError(`cannot start ${program}: not found`, { exitStatus: 127 })
}
