import type { CliError } from '../cli-error.ts'
import { type Child, startChild } from '../process/child.ts'
import { recordProcess } from '../process/process-record.ts'
import { EventWaiter } from './event-waiter.ts'
import type { JoinToken } from './join-token.ts'
import { proxyEnvironment } from './proxy-environment.ts'
import type { ListeningEvent } from './proxy-event.ts'
import { explainExit, explainLateness, explainRefusal } from './proxy-failure.ts'
import { nameOfProxy, type SidecarOptions } from './sidecar-options.ts'

/** A proxy that has been started. */
export interface ProxyStart {
  readonly child: Child
  /** Where it listens; rejects with a CliError when it does not. */
  readonly listening: Promise<ListeningEvent>
  /** Resolves once the mesh knows it; rejects likewise. */
  readonly ready: Promise<void>
}

export interface ProxyStartOptions {
  readonly sidecar: SidecarOptions
  readonly token: JoinToken
  /** Where the one listened in whose place it comes. */
  readonly before: ListeningEvent | undefined
  /** Ends every wait. */
  readonly signal: AbortSignal
  /** Gets the process as soon as there is one. */
  onChild(child: Child): void
}

const LISTEN_MS = 15_000
const READY_MS = 30_000

/** Starts the process of a proxy, with a fresh token. @throws {CliError} when there is none, or it cannot be started at all */
export async function startProxy(options: ProxyStartOptions): Promise<ProxyStart> {
  const { sidecar, token, signal, onChild } = options
  const { place, runtime, output, clock } = sidecar
  const refusal = Promise.withResolvers<CliError>()
  let isJoined = false
  const events = new EventWaiter({
    clock,
    signal,
    onTokenWanted: (reason) => {
      if (isJoined) token.renew(reason)
      else refusal.resolve(explainRefusal(reason, sidecar))
    },
  })
  const child = await startChild({
    command: place.proxyCommand(runtime.proxyCommand),
    env: environmentOf(options, await token.write()),
    cwd: '/',
    output: (chunk) => output.write(chunk),
    onLine: (line) => events.take(line),
    stdin: 'lifeline',
  })
  onChild(child)
  await recordProcess(sidecar, { role: nameOfProxy(sidecar), ...child.identity })
  const inVain = Promise.race([refusal.promise, child.exited.then((exit) => explainExit(exit, sidecar))])
  const awaited = { sidecar, events, inVain }
  const ready = awaitReady(awaited, token).then(() => {
    isJoined = true
  })
  ready.catch(() => {})
  const listening = awaitEvent('listening', LISTEN_MS, awaited)
  listening.catch(() => child.killGroup())
  return { child, listening, ready }
}

interface Awaited {
  readonly sidecar: SidecarOptions
  readonly events: EventWaiter
  readonly inVain: Promise<CliError>
}

function awaitEvent<K extends 'listening' | 'ready'>(
  kind: K,
  deadlineMs: number,
  { sidecar, events, inVain }: Awaited,
) {
  return events.wait(kind, { inVain, deadlineMs, late: () => explainLateness(kind, deadlineMs, sidecar) })
}

async function awaitReady(awaited: Awaited, token: JoinToken): Promise<void> {
  try {
    await awaitEvent('ready', READY_MS, awaited)
  } finally {
    // The token was used, or is of no use any more.
    await token.remove()
  }
}

/** The application knows the addresses by now at which one listened before, so a proxy in its place takes the same ones. */
function environmentOf(
  { sidecar, before }: ProxyStartOptions,
  joinTokenFile: string,
): Readonly<Record<string, string>> {
  const { control, runtime, ports, upstreams, adminAddress } = sidecar
  return proxyEnvironment({
    ...sidecar,
    control: { ...control, trustBundleFile: runtime.trustBundleFile, joinTokenFile },
    ports: ports.map((port) => ({
      ...port,
      ...listenOf(before?.ports.find((one) => one.port === port.port)?.listen),
    })),
    upstreams: upstreams.map((one) => ({
      ...one,
      ...listenOf(before?.outbound.find((other) => other.key === one.key)?.address),
    })),
    ...adminOf(before?.admin ?? adminAddress),
  })
}

const listenOf = (listen: string | undefined) => (listen === undefined ? {} : { listen })
const adminOf = (adminAddress: string | undefined) => (adminAddress === undefined ? {} : { adminAddress })
