import type { Socket } from 'node:net'
import type { Clock, Timer } from '@heddle/base/clock'
import type { PodSocket } from './pod-socket.ts'

/** A client's connection, whose errors somebody hears already, and the pod's side of it. */
export interface Tunnel {
  readonly socket: Socket
  readonly pod: PodSocket
  readonly clock: Clock
  readonly onFailure: (error: Error) => void
}

/** How long the pod's side may be silent after the client's end. */
const LAST_WORDS_MS = 10_000

/**
 * Copies both ways until one side ends. The protocol cannot say that only one direction is over, so the client's end is kept from the
 * pod while the pod's side still speaks: whoever half-closes a connection gets the whole answer.
 */
export function carry({ socket, pod, clock, onFailure }: Tunnel): void {
  let lastWords: Timer | undefined
  const awaitLastWords = () => {
    lastWords?.cancel()
    lastWords = clock.after(LAST_WORDS_MS, () => socket.destroy())
  }
  socket.on('data', (bytes: Buffer) => {
    if (!pod.write(bytes)) socket.pause()
  })
  socket.on('end', awaitLastWords)
  socket.on('drain', () => pod.resume())
  socket.on('close', () => {
    lastWords?.cancel()
    pod.close()
  })
  pod.attach({
    onBytes(bytes) {
      if (lastWords !== undefined) awaitLastWords()
      if (!socket.write(bytes)) pod.pause()
    },
    onDrained: () => socket.resume(),
    onClosed: (error) => endClient(socket, error, onFailure),
  })
  pod.resume()
  socket.resume()
}

function endClient(socket: Socket, error: Error | undefined, onFailure: Tunnel['onFailure']): void {
  if (error === undefined) {
    socket.end()
    // A client that goes on sending has nobody to send to.
    socket.resume()
    return
  }
  onFailure(error)
  // An ordinary end would look like a whole answer.
  socket.resetAndDestroy()
}
