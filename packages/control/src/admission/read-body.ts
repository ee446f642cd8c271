import type { Http2ServerRequest } from 'node:http2'
import type { Clock } from '@heddle/base/clock'
import type { Turn } from './question-rooms.ts'

/** An API server takes objects of up to 3 MiB, and sends what was and what is to be. */
const MAX_BODY_BYTES = 7 * 1024 * 1024
/** Above, there is room for few at a time. */
const LARGE_BYTES = 64 * 1024
const BODY_MS = 5_000

/** The body cannot be taken; `status` is what HTTP calls it. */
export class BodyError extends Error {
  override readonly name = 'BodyError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** There are too many questions at once, and most came from the same address. */
export function tooMany(): BodyError {
  return new BodyError(503, 'too many questions at once')
}

/** Reads a body whole. @throws {BodyError} when it is too large, not there in time, or others come first */
export async function readBody(request: Http2ServerRequest, turn: Turn, clock: Clock): Promise<string> {
  const late = clock.after(BODY_MS, () => request.destroy(new BodyError(408, 'the body did not come in time')))
  const oust = () => void request.destroy(tooMany())
  turn.signal.addEventListener('abort', oust)
  try {
    const chunks: Buffer[] = []
    let bytes = 0
    // Kept open when too much came: the answer goes the same way.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      const isLarge = bytes <= LARGE_BYTES && bytes + chunk.length > LARGE_BYTES
      if (isLarge && !turn.enlarge()) throw tooMany()
      bytes += chunk.length
      if (bytes > MAX_BODY_BYTES) throw new BodyError(413, `the body has more than ${MAX_BODY_BYTES} bytes`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  } finally {
    late.cancel()
    turn.signal.removeEventListener('abort', oust)
  }
}
