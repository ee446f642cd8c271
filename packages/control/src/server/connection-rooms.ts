import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { FairRoom } from '@heddle/base/fair-room'
import { seatConnection } from '@heddle/base/seat-connection'

/** What became of a handshake: the client proved an identity of the mesh, or may still be anybody. */
export type Standing = 'proven' | 'unproven'

/** How many connections there may be. */
export interface ConnectionLimits {
  readonly connections: number
  /** Of those: from before the handshake until the client has proved an identity. Those who never do, as people, stay in it. */
  readonly unproven: number
  /** A connection was ended for another. */
  readonly onOusted: () => void
}

interface Known {
  readonly socket: Socket
  readonly leaveUnproven: () => void
  tls: TLSSocket | undefined
}

/** The connections of a TLS server. Of those that nobody vouches for there are few, so that they cannot keep the mesh out. */
export class ConnectionRooms {
  readonly #limits: ConnectionLimits
  readonly #all: FairRoom
  readonly #unproven: FairRoom
  /** By the other end's address and port, which both the socket and the TLS over it tell. */
  readonly #known = new Map<string, Known>()

  constructor(limits: ConnectionLimits) {
    this.#limits = limits
    this.#all = new FairRoom({ places: limits.connections, evenly: 'oldest' })
    this.#unproven = new FairRoom({ places: limits.unproven, evenly: 'oldest' })
  }

  /** Takes in a connection before its handshake. */
  accept(socket: Socket): void {
    const key = keyOf(socket)
    const oust = () => {
      this.#limits.onOusted()
      destroy(this.#known.get(key))
    }
    seatConnection(this.#all, socket, oust)
    const leaveUnproven = seatConnection(this.#unproven, socket, oust)
    this.#known.set(key, { socket, leaveUnproven, tls: undefined })
    socket.once('close', () => this.#known.delete(key))
  }

  /** To be called when its handshake is over. */
  secured(tls: TLSSocket, standing: Standing): void {
    const known = this.#known.get(keyOf(tls))
    if (known === undefined) return
    known.tls = tls
    if (standing === 'proven') known.leaveUnproven()
  }

  /** Ends all of them at once. */
  cut(): void {
    for (const known of this.#known.values()) destroy(known)
  }
}

function destroy(known: Known | undefined): void {
  known?.tls?.destroy()
  known?.socket.destroy()
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
