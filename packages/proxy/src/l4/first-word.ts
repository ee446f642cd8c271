import type { ByteSocket } from '../platform/byte-socket.ts'

/** Who has something to say; `nobody`: one of the two ended or broke before a word was said. */
export type Speaker = 'left' | 'right' | 'nobody'

/** Waits until one of two sockets has something to read. Both are paused then, and nothing was taken from either. */
export function awaitFirstWord(left: ByteSocket, right: ByteSocket, done: (speaker: Speaker) => void): void {
  const sides = [listenTo(left, 'left'), listenTo(right, 'right')]
  for (const { socket } of sides) socket.resume()

  function finish(speaker: Speaker): void {
    for (const side of sides) side.stop()
    done(speaker)
  }

  function listenTo(socket: ByteSocket, name: 'left' | 'right') {
    const onData = (bytes: Uint8Array): void => {
      finish(name)
      socket.unshift(bytes)
    }
    const onEnd = (): void => finish('nobody')
    socket.on('data', onData).on('end', onEnd).on('close', onEnd)
    const stop = (): void => void socket.off('data', onData).off('end', onEnd).off('close', onEnd).pause()
    return { socket, stop }
  }
}
