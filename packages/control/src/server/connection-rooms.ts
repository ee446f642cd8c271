import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { FairRoom } from '@heddle/base/fair-room'
import { seatConnection } from '@heddle/base/seat-connection'

/** How many connections there may be. */
export interface ConnectionLimits {
  readonly connections: number
  /** Of those: from before the handshake until the client has proved an identity. Those who never do, as people, stay in it. */
  readonly unproven: number
  /** Of those who have proved the same identity and come from the same address: of one pod, or of one host. */
  readonly perPeer: number
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
  readonly #proven: FairRoom
  /** By the other end's address and port, which both the socket and the TLS over it tell. */
  readonly #known = new Map<string, Known>()

  constructor(limits: ConnectionLimits) {
    this.#limits = limits
    this.#all = new FairRoom({ places: limits.connections, evenly: 'oldest' })
    this.#unproven = new FairRoom({ places: limits.unproven, evenly: 'oldest' })
    this.#proven = new FairRoom({ places: limits.connections, perSource: limits.perPeer, evenly: 'oldest' })
  }

  /** Takes in a connection before its handshake. */
  accept(socket: Socket): void {
    const key = keyOf(socket)
    const oust = () => this.#oust(key)
    seatConnection(this.#all, socket, oust)
    const leaveUnproven = seatConnection(this.#unproven, socket, oust)
    this.#known.set(key, { socket, leaveUnproven, tls: undefined })
    socket.once('close', () => this.#known.delete(key))
  }

  /**
   * To be called when its handshake is over.
   *
   * @param identity - that the client has proved; `undefined`: it may still be anybody
   */
  secured(tls: TLSSocket, identity: string | undefined): void {
    const key = keyOf(tls)
    const known = this.#known.get(key)
    if (known === undefined) return
    known.tls = tls
    if (identity === undefined) return
    known.leaveUnproven()
    const leave = this.#proven.enter(`${identity} ${tls.remoteAddress}`, () => this.#oust(key))
    if (leave !== undefined) known.socket.once('close', leave)
  }

  /** Ends all of them at once. */
  cut(): void {
    for (const known of this.#known.values()) destroy(known)
  }

  #oust(key: string): void {
    this.#limits.onOusted()
    destroy(this.#known.get(key))
  }
}

function destroy(known: Known | undefined): void {
  known?.tls?.destroy()
  known?.socket.destroy()
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
