import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type Clock, systemClock } from '@heddle/base/clock'
import type { ClusterAccess } from './kubeconfig.ts'
import { openPodSocket, type PodSocket } from './pod-socket.ts'
import { carry } from './pod-tunnel.ts'

/** A port inside a pod. */
export interface PortForwardTarget {
  readonly namespace: string
  readonly pod: string
  readonly port: number
}

/** What happens meanwhile. */
export interface PortForwardOptions {
  readonly clock?: Clock
  /** Why a connection ended early: what the pod's side said, or the API server. The connection is closed in any case. */
  onFailure?(error: Error): void
}

/** A listener on this machine whose connections end in the pod. */
export interface PortForward {
  /** On 127.0.0.1. */
  readonly port: number
  /** Ends the listener and its connections. */
  close(): Promise<void>
}

/**
 * Listens on loopback and carries each connection to the pod through the API server (`pods/portforward`), by one WebSocket each: the
 * protocol has no end of a stream but the socket's own. Needs `get` and `create` on `pods/portforward`.
 *
 * @throws {KubeError} where the API server refuses: no such pod (404), not allowed (403), not running (400)
 * @throws {KubeTransportError} where it is not reached
 */
export async function openPortForward(
  access: ClusterAccess,
  target: PortForwardTarget,
  options: PortForwardOptions = {},
): Promise<PortForward> {
  const { clock = systemClock, onFailure = () => {} } = options
  const connect = () => openPodSocket(access, target, clock)
  // The first one is made before anybody comes, so that a refusal is told here and not by a connection that closes.
  let ready: PodSocket | undefined = await connect()
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    const pod = ready?.isOpen === true ? Promise.resolve(ready) : connect()
    ready = undefined
    carryOnceReached(socket, pod, { clock, onFailure })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      ready?.close()
      for (const socket of sockets) socket.destroy()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** What cannot be reached ends the connection. */
function carryOnceReached(socket: Socket, pod: Promise<PodSocket>, options: Required<PortForwardOptions>): void {
  // What broke is the client's own affair; 'close' follows.
  socket.on('error', () => {})
  pod.then(
    (opened) => {
      // A client that has gone meanwhile would never end it.
      if (socket.destroyed) opened.close()
      else carry({ socket, pod: opened, ...options })
    },
    (error: Error) => {
      options.onFailure(error)
      socket.destroy()
    },
  )
}
