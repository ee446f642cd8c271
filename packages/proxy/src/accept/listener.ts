import { createServer, type Server, type Socket } from 'node:net'
import { formatAddressKey } from '@heddle/api/destination-key'
import { formatHostPort } from '@heddle/base/host-port'
import type { ListenerConfig } from '../listener-config.ts'
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
  admit(socket: Socket, kind: ListenerConfig['kind']): Accepted | undefined
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
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const accepted = admission.admit(socket, config.kind)
    accepted?.guard(() => serve(config, workload, accepted))
  })
  const port = await bind(server, config)
  server.on('error', (error) => workload.core.log.error('listener failed', { address: config.address, port, error }))
  const { loopGuard, log } = workload.core
  loopGuard.addListener(config.address, port)
  if (config.kind === 'transparent-outbound') loopGuard.expectRedirection()
  log.info('listener bound', { kind: config.kind, address: config.address, port, workload: workload.context.workload })
  return { config, workload, port, close: () => void server.close() }
}

function bind(server: Server, { address, port }: ListenerConfig): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) =>
      reject(new ListenError(`cannot listen on ${address} port ${port}: ${error.message}`))
    server.once('error', onError)
    server.listen({ host: address, port, ipv6Only: address.includes(':'), backlog: 1024 }, () => {
      server.off('error', onError)
      const bound = server.address()
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port)
    })
  })
}

function serve(config: ListenerConfig, workload: WorkloadRuntime, accepted: Accepted): void {
  switch (config.kind) {
    case 'transparent-outbound': {
      const original = findOriginal(workload, accepted)
      if (original !== undefined) serveOutbound(workload, accepted, original.key)
      return
    }
    case 'transparent-inbound': {
      const original = findOriginal(workload, accepted)
      if (original !== undefined) serveInbound(workload, accepted, { ...original, workloadPort: original.port })
      return
    }
    case 'explicit-outbound':
      serveOutbound(workload, accepted, config.key)
      return
    case 'explicit-inbound':
      serveInbound(workload, accepted, {
        address: config.appAddress,
        port: config.appPort,
        workloadPort: config.workloadPort,
      })
  }
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
