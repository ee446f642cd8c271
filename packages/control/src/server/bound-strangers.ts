import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { Clock } from '@heddle/base/clock'
import { FairRoom } from '@heddle/base/fair-room'
import type { Counter, Family } from '@heddle/telemetry/registry'

export interface StrangerBounds {
  readonly clock: Clock
  /** Calls that were not answered, by reason. */
  readonly refused: Family<Counter>
}

/** At a time: pods that ask for their first certificate, and people. */
const MAX_CALLS = 256
/** The longest call of a person asks proxies for 10 s at most. */
const CALL_MS = 30_000

/**
 * Bounds the calls of those whose connection proves nothing, before they are read: in number, fairly between addresses, and in time.
 *
 * @returns a function that says whether a call has a place; one that has none is answered with 503
 */
export function boundStrangers({ clock, refused }: StrangerBounds) {
  const room = new FairRoom({ places: MAX_CALLS, evenly: 'newcomer' })
  return (request: Http2ServerRequest, response: Http2ServerResponse): boolean => {
    const oust = () => {
      refused.with('ousted').add()
      abandon(request)
    }
    const leave = room.enter(request.socket.remoteAddress ?? '', oust)
    if (leave === undefined) {
      refused.with('too_many_calls').add()
      response.writeHead(503).end()
      return false
    }
    const late = clock.after(CALL_MS, oust)
    response.once('close', () => {
      late.cancel()
      leave()
    })
    return true
  }
}

/** Whatever of it is under way ends without an answer. */
function abandon(request: Http2ServerRequest): void {
  if (request.httpVersionMajor === 1) request.socket.destroy()
  else request.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM)
}
