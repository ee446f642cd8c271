import type { RequestHead } from '@heddle/http/message'
import type { ServerSession } from '@heddle/http/session'

/** What is spoken on a connection, or what the client of a request speaks. */
export type HttpVersion = ServerSession['protocol']

/**
 * Field by which a proxy tells the next one that the client of a request speaks HTTP/1, so that the application gets HTTP/1
 * although the request travels as an HTTP/2 stream. It is believed from a proven proxy only, and never leaves the mesh.
 */
export const CLIENT_VERSION_FIELD = 'heddle-http-version'

/**
 * What the client of a request speaks. Takes the field off that tells it.
 *
 * @param spoken - on the connection over which it came
 * @param isPeer - whether the other side of that is a proven proxy
 */
export function takeClientVersion(head: RequestHead, spoken: HttpVersion, isPeer: boolean): HttpVersion {
  const { fields } = head
  if (!fields.has(CLIENT_VERSION_FIELD)) return spoken
  const isHttp1 = isPeer && fields.get(CLIENT_VERSION_FIELD) === '1'
  fields.remove(CLIENT_VERSION_FIELD)
  return isHttp1 ? 'http1' : spoken
}

/** Tells the next proxy that the client speaks HTTP/1. */
export function markHttp1(head: RequestHead): void {
  head.fields.set(CLIENT_VERSION_FIELD, '1')
}

/** Undoes {@link markHttp1}. */
export function unmarkHttp1(head: RequestHead): void {
  head.fields.remove(CLIENT_VERSION_FIELD)
}
