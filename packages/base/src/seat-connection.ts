import type { Socket } from 'node:net'
import type { FairRoom } from './fair-room.ts'

/**
 * Gives a connection a place, fairly between the addresses that connections come from, for as long as it is open. One for which there
 * is none is ousted at once.
 *
 * @param oust - ends the connection; called when its place goes to another
 * @returns gives the place back before the connection ends; more than once does nothing
 */
export function seatConnection(room: FairRoom, socket: Socket, oust: () => void = () => socket.destroy()): () => void {
  const leave = room.enter(socket.remoteAddress ?? '', oust)
  if (leave === undefined) {
    oust()
    return () => {}
  }
  socket.once('close', leave)
  return leave
}
