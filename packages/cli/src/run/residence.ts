import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '@heddle/base/message-of'
import { CliError } from '../cli-error.ts'
import type { CliDeps } from '../command.ts'
import { address4 } from '../net/subnet.ts'
import { LogFile } from '../process/log-file.ts'
import type { ProcessRecord } from '../process/process-record.ts'
import { chooseMode, thisHost } from '../site/choose-mode.ts'
import { loopbackPlace } from '../site/explicit-site.ts'
import { followServices } from '../site/follow-services.ts'
import { lifeTie } from '../site/life-tie.ts'
import { prepareRuntimeFolder, SHARED_FOLDER } from '../site/runtime-folder.ts'
import type { Mode, Place, Runtime, SiteNetwork } from '../site/site.ts'
import { joinTransparentSite } from '../site/transparent-site.ts'
import { removeFolder, removeIfEmpty } from '../state/clean-up.ts'
import { RunRecord } from '../state/run-record.ts'
import type { ControlTarget } from './control-target.ts'
import { makeRunFolder } from './run-folder.ts'

/** Where a process that `heddle run` starts lives, and what its proxy is run from. */
export interface Residence {
  readonly mode: Mode
  readonly place: Place
  readonly runtime: Runtime
  readonly output: LogFile
  readonly record: ProcessRecord
  /** Address on which the proxy listens for others, in explicit mode. */
  readonly listenHost: string
}

export interface ResidenceInput {
  readonly instance: string
  readonly options: { readonly mode: Mode; readonly namespace: string }
  readonly deps: CliDeps
  readonly control: ControlTarget
}

/**
 * Makes the place for one process; `stack` takes it back.
 *
 * @throws {CliError} when the mode is not possible
 */
export async function openResidence(input: ResidenceInput, stack: AsyncDisposableStack): Promise<Residence> {
  const { instance, options, deps } = input
  const folder = await makeRunFolder(deps.stateDirectory, instance, deps.clock).catch((error: unknown) => {
    throw new CliError(`cannot write to ${deps.stateDirectory}: ${messageOf(error)}`)
  })
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const output = new LogFile(join(folder, 'proxy.log'))
  stack.defer(() => output.close())
  const record = new RunRecord(join(folder, 'run.json'))
  const made = { ...input, folder, record }
  return options.mode === 'explicit' ? openOnLoopback(made, output) : openNamespace(made, output, stack)
}

interface Making extends ResidenceInput {
  readonly folder: string
  readonly record: RunRecord
}

async function openOnLoopback({ control, folder, record }: Making, output: LogFile): Promise<Residence> {
  const { trustBundlePem, address, local } = control
  const runtime = await prepareRuntimeFolder({ folder: join(folder, 'proxy'), trustBundlePem, proxyUid: undefined })
  // Workloads in namespaces do not reach this host's loopback, but the bridge that they hang on.
  const listenHost = local?.network === undefined ? '127.0.0.1' : address4(local.network.subnet, 0)
  return { mode: 'explicit', place: loopbackPlace(address, lifeTie()), runtime, output, record, listenHost }
}

async function openNamespace(making: Making, output: LogFile, stack: AsyncDisposableStack): Promise<Residence> {
  const { instance, options, deps, control, record } = making
  const network = await checkNetwork(control)
  const { client, mesh } = control.local!
  const ended = new AbortController()
  const tag = `${network.bridge}-${instance}`
  stack.defer(() => removeIfEmpty(SHARED_FOLDER))
  record.mirrorTo(join(SHARED_FOLDER, `${tag}.json`))
  const site = joinTransparentSite(
    {
      mesh,
      stateDirectory: deps.stateDirectory,
      proxyUid: network.proxyUid,
      record,
      tie: lifeTie(),
      report: (line) => deps.terminal.note(`heddle: ${line}`),
      prepareRuntime: async (trustBundlePem) => {
        const folder = join(SHARED_FOLDER, tag)
        await record.add('folders', folder)
        stack.defer(() => removeFolder(folder).then(() => record.remove('folders', folder)))
        return prepareRuntimeFolder({ folder, trustBundlePem, proxyUid: network.proxyUid })
      },
    },
    network,
  )
  await site.open({ port: network.controlPort, loopback: control.address, trustBundlePem: control.trustBundlePem })
  await followServices({ site, control: client, clock: deps.clock, signal: ended.signal }, stack)
  stack.defer(() => ended.abort())
  const place = await site.addPlace({ namespace: options.namespace, instance })
  stack.defer(() => place.remove())
  return { mode: 'transparent', place, runtime: site.runtime, output, record, listenHost: place.address }
}

async function checkNetwork({ local }: ControlTarget): Promise<SiteNetwork> {
  await chooseMode('transparent', thisHost())
  if (local?.network !== undefined) return local.network
  throw new CliError('transparent mode needs a mesh that is up on this host in transparent mode', {
    hints: ['leave --mode out: the application then learns addresses from its environment'],
  })
}
