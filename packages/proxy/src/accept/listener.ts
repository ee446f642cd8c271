import type { Socket } from 'node:net'
import { formatAddressKey } from '@heddle/api/destination-key'
import { formatHostPort } from '@heddle/base/host-port'
import { messageOf } from '@heddle/base/message-of'
import type { ListenerConfig } from '../listener-config.ts'
import type { ByteSocket } from '../platform/byte-socket.ts'
import { listenForStreams, listenTcp, type TcpListener } from '../platform/listen-tcp.ts'
import { readOriginalDestination } from '../platform/original-destination.ts'
import type { WorkloadRuntime } from '../workload-runtime.ts'
import type { Accepted } from './accepted.ts'
import { serveInbound } from './inbound.ts'
import { serveOutbound } from './outbound.ts'

/** An address cannot be listened on. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/** Who may be accepted. */
export interface Admission {
  /** @returns `undefined` when there are too many already; the socket is closed then */
  admit<Raw extends ByteSocket>(socket: Raw, kind: ListenerConfig['kind']): Accepted<Raw> | undefined
}

/** A bound listener. */
export interface Listener {
  readonly config: ListenerConfig
  readonly workload: WorkloadRuntime
  readonly port: number
  /** Accepts no more; open connections go on. */
  close(): void
}

/** @throws {ListenError} if the address is taken, forbidden or not of this host */
export async function listen(
  config: ListenerConfig,
  workload: WorkloadRuntime,
  admission: Admission,
): Promise<Listener> {
  const { address } = config
  const { port, close } = await bind(config, workload, admission)
  const { loopGuard, log } = workload.core
  loopGuard.addListener(address, port)
  if (config.kind === 'transparent-outbound') loopGuard.expectRedirection()
  log.info('listener bound', { kind: config.kind, address, port, workload: workload.context.workload })
  return { config, workload, port, close }
}

async function bind(config: ListenerConfig, workload: WorkloadRuntime, admission: Admission): Promise<TcpListener> {
  const { address, port } = config
  const onError = (error: Error) => workload.core.log.error('listener failed', { address, port, error })
  try {
    if (isOutbound(config)) {
      const onSocket = (socket: ByteSocket) => {
        const accepted = admission.admit(socket, config.kind)
        accepted?.guard(() => serveApplication(config, workload, accepted))
      }
      return await listenTcp({ address, port, onSocket, onError })
    }
    const onSocket = (socket: Socket) => {
      const accepted = admission.admit(socket, config.kind)
      accepted?.guard(() => serveOthers(config, workload, accepted))
    }
    return await listenForStreams({ address, port, onSocket, onError })
  } catch (error) {
    throw new ListenError(`cannot listen on ${address} port ${port}: ${messageOf(error)}`)
  }
}

type Outbound = ListenerConfig & { readonly kind: 'transparent-outbound' | 'explicit-outbound' }

function isOutbound(config: ListenerConfig): config is Outbound {
  return config.kind === 'transparent-outbound' || config.kind === 'explicit-outbound'
}

function serveApplication(config: Outbound, workload: WorkloadRuntime, accepted: Accepted): void {
  if (config.kind === 'explicit-outbound') {
    serveOutbound(workload, accepted, config.key)
    return
  }
  const original = findOriginal(workload, accepted)
  if (original !== undefined) serveOutbound(workload, accepted, original.key)
}

function serveOthers(
  config: Exclude<ListenerConfig, Outbound>,
  workload: WorkloadRuntime,
  accepted: Accepted<Socket>,
): void {
  if (config.kind === 'explicit-inbound') {
    const { appAddress, appPort, workloadPort } = config
    serveInbound(workload, accepted, { address: appAddress, port: appPort, workloadPort })
    return
  }
  const original = findOriginal(workload, accepted)
  if (original !== undefined) serveInbound(workload, accepted, { ...original, workloadPort: original.port })
}

interface Original {
  readonly address: string
  readonly port: number
  /** Of a destination that is known by its address alone. */
  readonly key: string
}

/** Where a redirected connection goes; refuses it where that is unknown or the proxy itself. */
function findOriginal(workload: WorkloadRuntime, accepted: Accepted): Original | undefined {
  const { loopGuard } = workload.core
  const original = readOriginalDestination(accepted.raw)
  if (original === undefined) {
    accepted.refuse('original_destination_unknown', 'the connection was not redirected')
    return undefined
  }
  const { port } = original
  const address = loopGuard.fromProxyAddress(original.address)
  const text = formatHostPort({ host: address, port })
  accepted.destination = text
  if (loopGuard.isOwnListener(address, port) || loopGuard.isFromItself(accepted.raw, text)) {
    accepted.refuse('loop_detected', `${text} is a listener of this proxy, or it connected to itself`)
    return undefined
  }
  return { address, port, key: formatAddressKey(address, port) }
}
