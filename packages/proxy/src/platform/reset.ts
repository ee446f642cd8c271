import type { Socket } from 'node:net'
import { isBun } from './runtime.ts'

/**
 * Ends a connection with RST, so that the other side can tell it from an orderly end.
 *
 * @param raw - the TCP socket beneath, where `socket` is TLS. Node resets only that one, Bun only the upper one.
 */
export function resetSocket(socket: Socket, raw: Socket | undefined): void {
  const target = raw === undefined || isBun ? socket : raw
  if (!target.destroyed) target.resetAndDestroy()
  if (!socket.destroyed) socket.destroy()
  if (raw !== undefined && !raw.destroyed) raw.destroy()
}
