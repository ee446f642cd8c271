import type { ByteSocket } from './byte-socket.ts'
import { NativeSocket } from './native-socket.ts'
import { isBun } from './runtime.ts'

/** The native socket beneath one of Bun's `node:net` sockets: the object that `Bun.connect` gives. */
interface NativeHandle {
  /** @returns octets that were taken, copied or sent; negative when the socket is closed */
  write(bytes: Uint8Array, from: number, length: number): number
}

/** Octets from `start` to `end`. */
export interface OctetRange {
  readonly start: number
  readonly end: number
}

/**
 * Writes past the stream machinery of the runtime where it can, which costs about a microsecond a write and, for TLS, a turn
 * until the octets count as written.
 *
 * To be called only on a connected socket with nothing left to write.
 *
 * @param range - which of `bytes`
 * @returns how many were taken, so that those may be reused at once; the caller writes the rest as usual
 */
export function writeNow(socket: ByteSocket, bytes: Uint8Array, { start, end }: OctetRange): number {
  if (!isBun) return 0
  if (socket instanceof NativeSocket) return socket.writeNow(bytes, start, end - start)
  const native = (socket as unknown as { readonly _handle?: NativeHandle | null })._handle
  if (typeof native?.write !== 'function') return 0
  return Math.max(0, native.write(bytes, start, end - start))
}
