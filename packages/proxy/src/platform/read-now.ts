import type { Socket } from 'node:net'
import type { ByteSocket } from './byte-socket.ts'
import { NativeSocket } from './native-socket.ts'
import { isBun } from './runtime.ts'

interface ReadableState {
  readonly flowing: boolean | null
  readonly length: number
}

/**
 * Hears what comes in on a socket, past the stream machinery of the runtime where it can: while the stream flows and holds nothing,
 * octets go to `onData` at once. That machinery costs 0.3 µs a read. Whatever else the stream does (`pause`, `unshift`, 'end') stays as it is.
 *
 * @param onData - called as a listener of 'data' would be; other listeners of it hear only what went through the stream
 */
export function readNow(socket: ByteSocket, onData: (bytes: Uint8Array) => void): void {
  if (socket instanceof NativeSocket) socket.hear(onData)
  else readStream(socket as Socket, onData)
}

function readStream(socket: Socket, onData: (bytes: Uint8Array) => void): void {
  socket.on('data', onData)
  // The socket has getters for both, which cost more than to look.
  const { _readableState: state } = socket as unknown as { readonly _readableState?: ReadableState }
  if (!isBun || state === undefined) return
  const { push } = socket
  socket.push = (chunk: unknown, encoding) => {
    const isNext = state.flowing === true && state.length === 0 && !socket.destroyed
    if (!isNext || !(chunk instanceof Uint8Array)) return push.call(socket, chunk, encoding)
    onData(chunk)
    return true
  }
}
