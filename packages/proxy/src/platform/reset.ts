import type { Socket } from 'node:net'
import type { ByteSocket } from './byte-socket.ts'
import { isBun } from './runtime.ts'

/**
 * Ends a connection with RST, so that the other side can tell it from an orderly end.
 *
 * @param raw - the TCP socket beneath, where `socket` is TLS. Node resets only that one, Bun only the upper one.
 */
export function resetSocket(socket: ByteSocket, raw: ByteSocket | undefined): void {
  // Node 24 ends with a fault of memory when TCP goes in the round in which TLS was given something to write.
  if (!isBun && raw !== undefined && socket.writableLength > 0) setImmediate(resetNow, socket, raw)
  else resetNow(socket, raw)
}

function resetNow(socket: ByteSocket, raw: ByteSocket | undefined): void {
  const target = raw === undefined || isBun ? socket : raw
  if (!target.destroyed && !isEnding(socket)) target.resetAndDestroy()
  if (!socket.destroyed) socket.destroy()
  if (raw !== undefined && !raw.destroyed) raw.destroy()
}

/** Whether all was written, and FIN is on its way: Node does not reset then, and neither closes nor tells so. */
function isEnding(socket: ByteSocket): boolean {
  const { writableEnded, writableFinished, writableLength } = socket as Socket
  return !isBun && writableEnded && !writableFinished && writableLength === 0
}
