import type { Socket } from 'node:net'
import type { Transport } from '@heddle/http/session'

/**
 * A socket as an HTTP session beside the data path wants it: control API, health checks, admin interface. It copies what it
 * writes and lets the socket queue it; those are few and small messages.
 */
export function socketTransport(socket: Socket, flush: () => void): Transport {
  return {
    write: (bytes, start, end) => socket.write(Buffer.copyBytesFrom(bytes, start, end - start)),
    wantsFlush: () => queueMicrotask(flush),
    pauseReading: () => void socket.pause(),
    resumeReading: () => void socket.resume(),
    end: () => void socket.end(),
    abort: () => void socket.destroy(),
  }
}
