import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '@heddle/base/clock'
import { CliError } from '../cli-error.ts'
import type { Context } from '../client/context.ts'
import { type ControlClient, connectControl } from '../client/control-client.ts'
import type { JoinGrant } from '../instance/join-token.ts'
import { proxyOverrides } from '../instance/proxy-environment.ts'
import { LogFile } from '../process/log-file.ts'
import { PortPicker } from '../process/port-picker.ts'
import type { WantedMode } from '../site/choose-mode.ts'
import { followServices } from '../site/follow-services.ts'
import type { Mode, Site } from '../site/site.ts'
import { cleanUp } from '../state/clean-up.ts'
import { makeDirectory } from '../state/make-directory.ts'
import { lockMesh } from '../state/mesh-lock.ts'
import { RunRecord } from '../state/run-record.ts'
import { isEmptyRunState, readRunState, removeUnfinished, replaceFile } from '../state/run-state.ts'
import { type MeshPaths, meshPaths } from '../state/state-directory.ts'
import { ControlProcess, type ControlReady } from './control-process.ts'
import { Fleet } from './fleet.ts'
import { openSite } from './open-site.ts'
import { ReadinessPoll } from './readiness-poll.ts'

export interface MeshOptions {
  readonly name: string
  readonly stateDirectory: string
  /** Absolute. */
  readonly directory: string
  readonly mode: WantedMode
  readonly trustDomain: string
  /** `undefined`: as the control plane has it. */
  readonly leafLifeMs: number | undefined
  /** Further `HOST:PORT` for the control plane to listen on. */
  readonly listen: readonly string[]
  /** Measurements of earlier runs are not shown any more. */
  readonly forgetsMeasurements: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Aborted when the mesh is to end. */
  readonly signal: AbortSignal
  /** Aborted when it is to end at once. */
  readonly hurry: AbortSignal
  report(line: string): void
}

/** A mesh that is up on this host. */
export interface Mesh {
  readonly mode: Mode
  readonly control: ControlClient
  readonly fleet: Fleet
  readonly logDirectory: string
}

/**
 * Starts a control plane and prepares the host for instances. Everything made is given to `stack`, which takes it back in
 * the opposite order.
 *
 * @throws {CliError}
 */
export async function startMesh(options: MeshOptions, stack: AsyncDisposableStack): Promise<Mesh> {
  const paths = meshPaths(options.stateDirectory, options.name)
  stack.defer(await lockMesh(join(paths.directory, 'lock'), options.name))
  await recover(paths, options)
  const record = new RunRecord(paths.run)
  stack.defer(() => finish(record, options))
  const logDirectory = await emptyLogs(paths)
  const site = await openSite({ ...options, paths, record }, stack)
  stack.defer(async () => sayProblems(await site.close(), options))
  const begun = { options, paths, record, site, logDirectory }
  const ready = await startControl(begun, stack)
  const control = await connectControl(toContext(begun, ready))
  stack.defer(() => control.close())
  await site.open({
    loopback: ready.listen[0]!,
    port: portOf(ready.listen[site.controlHosts.length]!),
    trustBundlePem: await readFile(ready.trustBundleFile, 'utf8'),
  })
  stack.defer(() => rm(paths.context, { force: true }))
  await replaceFile(paths.context, `${JSON.stringify(toContext(begun, ready), null, 2)}\n`)
  const fleet = createFleet(begun, { control, ready, ports: stack.use(new PortPicker()) })
  stack.defer(async () => sayProblems(await fleet.stop(options.hurry), options))
  await followServices({ site, control, clock: options.clock, signal: options.signal }, stack)
  return { mode: site.mode, control, fleet, logDirectory }
}

interface Begun {
  readonly options: MeshOptions
  readonly paths: MeshPaths
  readonly record: RunRecord
  readonly site: Site
  readonly logDirectory: string
}

async function recover(paths: MeshPaths, options: MeshOptions): Promise<void> {
  await removeUnfinished(paths.directory)
  const left = await readRunState(paths.run)
  await rm(paths.context, { force: true })
  if (isEmptyRunState(left)) return
  options.report('an earlier run has left things behind; cleaning up first')
  const problems = await cleanUp(left, options.clock)
  if (problems.length > 0) {
    throw new CliError(`what an earlier run has left could not be removed: ${problems.join('; ')}`, {
      hints: [`it is listed in ${paths.run}`],
    })
  }
  await rm(paths.run, { force: true })
}

/** Whatever is still recorded now was not taken back by whoever made it. */
async function finish(record: RunRecord, options: MeshOptions): Promise<void> {
  if (isEmptyRunState(record.state)) return
  const problems = await cleanUp(record.state, options.clock)
  if (problems.length === 0) return record.clear()
  sayProblems(problems, options)
  options.report('the next "heddle up" tries again to remove it')
}

function sayProblems(problems: readonly string[], options: MeshOptions): void {
  for (const problem of problems) options.report(`not removed: ${problem}`)
}

async function emptyLogs(paths: MeshPaths): Promise<string> {
  const directory = join(paths.directory, 'logs')
  await rm(directory, { recursive: true, force: true })
  await makeDirectory(directory, 0o700)
  return directory
}

async function startControl(begun: Begun, stack: AsyncDisposableStack): Promise<ControlReady> {
  const { options, paths, record, site, logDirectory } = begun
  await forgetEarlierRun(paths, options)
  const output = new LogFile(join(logDirectory, 'control.log'))
  const process = new ControlProcess({
    configDirectory: options.directory,
    stateDirectory: paths.control,
    trustDomain: options.trustDomain,
    leafLifeMs: options.leafLifeMs,
    listen: ['127.0.0.1', ...site.controlHosts].map((host) => `${host}:0`).concat(options.listen),
    env: options.env,
    clock: options.clock,
    report: options.report,
    output,
    record,
  })
  stack.defer(async () => {
    await process.stop(options.hurry)
    output.close()
  })
  return process.start(options.signal)
}

/**
 * The control plane keeps registrations over a restart, so that its proxies need not hurry; but no instance of an earlier
 * run is left, and proxies would only be sent to addresses where nobody is.
 */
async function forgetEarlierRun({ control }: MeshPaths, { forgetsMeasurements }: MeshOptions): Promise<void> {
  await rm(join(control, 'registrations.json'), { force: true })
  if (forgetsMeasurements) await rm(join(control, 'telemetry.json'), { force: true })
}

function toContext({ options, site }: Begun, ready: ControlReady): Context {
  return {
    mesh: options.name,
    server: `https://${ready.listen[0]}`,
    serverIdentity: ready.identity,
    trustDomain: options.trustDomain,
    trustBundleFile: ready.trustBundleFile,
    tokenFile: ready.adminTokenFile,
    ...(site.network === undefined ? {} : { network: site.network }),
  }
}

interface FleetNeeds {
  readonly control: ControlClient
  readonly ready: ControlReady
  readonly ports: PortPicker
}

function createFleet(begun: Begun, { control, ready, ports }: FleetNeeds): Fleet {
  const { options, record, site, logDirectory } = begun
  const { clock, env, report, signal, trustDomain } = options
  const poll = new ReadinessPoll(control, clock)
  return new Fleet({
    clock,
    signal,
    report,
    readiness: (namespace, instance) => poll.readinessOf(namespace, instance),
    instances: {
      site,
      control: { trustDomain, identity: ready.identity },
      mintToken: (namespace, serviceAccount) => mintToken(control, namespace, serviceAccount),
      ports,
      logDirectory,
      record,
      clock,
      env,
      proxyOverrides: proxyOverrides(env),
      report,
    },
  })
}

const TOKEN_LIFE_MS = 120_000

async function mintToken(control: ControlClient, namespace: string, serviceAccount: string): Promise<JoinGrant> {
  const request = { namespace, serviceAccount, ttlMs: TOKEN_LIFE_MS }
  const { token, trustBundlePem } = await control.admin.createJoinToken(request)
  return { token, trustBundlePem }
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1))
}
