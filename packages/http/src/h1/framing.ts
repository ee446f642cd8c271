import type { RequestHead } from '../message/head.ts'

/** How the end of a body is told. RFC 9112 §6. `opaque`: there is no message any more, only octets. */
export type Framing = 'none' | 'length' | 'chunked' | 'until-close' | 'opaque'

/**
 * How the end of a request's body is told.
 * @throws {RangeError} for a head that contradicts itself or `hasBody`: a bug of the caller
 */
export function requestFraming({ bodyLength, upgrade, method }: RequestHead, hasBody: boolean): Framing {
  if (!hasBody) {
    if (bodyLength !== undefined && bodyLength > 0) throw new RangeError(`no body, but a length of ${bodyLength}`)
    return 'none'
  }
  if (upgrade !== undefined || method === 'CONNECT') throw new RangeError('a request that may switch has no body')
  return bodyLength === undefined ? 'chunked' : 'length'
}
